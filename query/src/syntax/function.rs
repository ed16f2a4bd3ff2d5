//! The functions of PromQL and what they take.

use super::value_type::ValueType;
use ValueType::{Matrix, Scalar, String as Text, Vector};

/// A function's name and signature.
#[derive(Debug, PartialEq, Eq)]
pub struct Function {
    /// Its name.
    pub name: &'static str,
    /// The types of its arguments; where there are more arguments, the last type counts for them.
    pub args: &'static [ValueType],
    /// How many arguments may be left out or added at the end.
    pub variadic: Variadic,
    /// What it returns.
    pub returns: ValueType,
    /// Whether it must be enabled.
    pub is_experimental: bool,
}

/// How many arguments a function takes beside the types it lists.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Variadic {
    /// Exactly the listed ones.
    No,
    /// All listed ones but the last, and up to so many more.
    UpTo(usize),
    /// All listed ones but the last, and any number more.
    Any,
}

impl Variadic {
    /// Prometheus's number for it: 0, a positive limit, or -1.
    pub fn number(self) -> i64 {
        match self {
            Variadic::No => 0,
            Variadic::UpTo(n) => n as i64,
            Variadic::Any => -1,
        }
    }
}

impl Function {
    /// The function of a name.
    pub fn find(name: &str) -> Option<&'static Function> {
        FUNCTIONS.binary_search_by(|function| function.name.cmp(name)).ok().map(|at| &FUNCTIONS[at])
    }

    /// All functions, sorted by name.
    pub fn all() -> &'static [Function] {
        &FUNCTIONS
    }

    const fn new(name: &'static str, args: &'static [ValueType], returns: ValueType) -> Function {
        Function { name, args, variadic: Variadic::No, returns, is_experimental: false }
    }

    const fn variadic(self, variadic: Variadic) -> Function {
        Function { variadic, ..self }
    }

    const fn experimental(self) -> Function {
        Function { is_experimental: true, ..self }
    }
}

/// What a call of an unknown function calls, so that parsing can go on.
pub(super) static UNKNOWN: Function = Function::new("", &[], Vector);

static FUNCTIONS: [Function; 90] = [
    Function::new("abs", &[Vector], Vector),
    Function::new("absent", &[Vector], Vector),
    Function::new("absent_over_time", &[Matrix], Vector),
    Function::new("acos", &[Vector], Vector),
    Function::new("acosh", &[Vector], Vector),
    Function::new("asin", &[Vector], Vector),
    Function::new("asinh", &[Vector], Vector),
    Function::new("atan", &[Vector], Vector),
    Function::new("atanh", &[Vector], Vector),
    Function::new("avg_over_time", &[Matrix], Vector),
    Function::new("ceil", &[Vector], Vector),
    Function::new("changes", &[Matrix], Vector),
    Function::new("clamp", &[Vector, Scalar, Scalar], Vector),
    Function::new("clamp_max", &[Vector, Scalar], Vector),
    Function::new("clamp_min", &[Vector, Scalar], Vector),
    Function::new("cos", &[Vector], Vector),
    Function::new("cosh", &[Vector], Vector),
    Function::new("count_over_time", &[Matrix], Vector),
    Function::new("day_of_month", &[Vector], Vector).variadic(Variadic::UpTo(1)),
    Function::new("day_of_week", &[Vector], Vector).variadic(Variadic::UpTo(1)),
    Function::new("day_of_year", &[Vector], Vector).variadic(Variadic::UpTo(1)),
    Function::new("days_in_month", &[Vector], Vector).variadic(Variadic::UpTo(1)),
    Function::new("deg", &[Vector], Vector),
    Function::new("delta", &[Matrix], Vector),
    Function::new("deriv", &[Matrix], Vector),
    Function::new("double_exponential_smoothing", &[Matrix, Scalar, Scalar], Vector).experimental(),
    Function::new("end", &[], Scalar).experimental(),
    Function::new("exp", &[Vector], Vector),
    Function::new("first_over_time", &[Matrix], Vector),
    Function::new("floor", &[Vector], Vector),
    Function::new("histogram_avg", &[Vector], Vector),
    Function::new("histogram_count", &[Vector], Vector),
    Function::new("histogram_fraction", &[Scalar, Scalar, Vector], Vector),
    Function::new("histogram_quantile", &[Scalar, Vector], Vector),
    Function::new("histogram_quantiles", &[Vector, Text, Scalar, Scalar], Vector)
        .variadic(Variadic::UpTo(9))
        .experimental(),
    Function::new("histogram_stddev", &[Vector], Vector),
    Function::new("histogram_stdvar", &[Vector], Vector),
    Function::new("histogram_sum", &[Vector], Vector),
    Function::new("hour", &[Vector], Vector).variadic(Variadic::UpTo(1)),
    Function::new("idelta", &[Matrix], Vector),
    Function::new("increase", &[Matrix], Vector),
    Function::new("info", &[Vector, Vector], Vector).variadic(Variadic::UpTo(1)).experimental(),
    Function::new("irate", &[Matrix], Vector),
    Function::new("label_join", &[Vector, Text, Text, Text], Vector).variadic(Variadic::Any),
    Function::new("label_replace", &[Vector, Text, Text, Text, Text], Vector),
    Function::new("last_over_time", &[Matrix], Vector),
    Function::new("ln", &[Vector], Vector),
    Function::new("log10", &[Vector], Vector),
    Function::new("log2", &[Vector], Vector),
    Function::new("mad_over_time", &[Matrix], Vector).experimental(),
    Function::new("max_of", &[Scalar, Scalar], Scalar).experimental(),
    Function::new("max_over_time", &[Matrix], Vector),
    Function::new("min_of", &[Scalar, Scalar], Scalar).experimental(),
    Function::new("min_over_time", &[Matrix], Vector),
    Function::new("minute", &[Vector], Vector).variadic(Variadic::UpTo(1)),
    Function::new("month", &[Vector], Vector).variadic(Variadic::UpTo(1)),
    Function::new("pi", &[], Scalar),
    Function::new("predict_linear", &[Matrix, Scalar], Vector),
    Function::new("present_over_time", &[Matrix], Vector),
    Function::new("quantile_over_time", &[Scalar, Matrix], Vector),
    Function::new("rad", &[Vector], Vector),
    Function::new("range", &[], Scalar).experimental(),
    Function::new("rate", &[Matrix], Vector),
    Function::new("resets", &[Matrix], Vector),
    Function::new("round", &[Vector, Scalar], Vector).variadic(Variadic::UpTo(1)),
    Function::new("scalar", &[Vector], Scalar),
    Function::new("sgn", &[Vector], Vector),
    Function::new("sin", &[Vector], Vector),
    Function::new("sinh", &[Vector], Vector),
    Function::new("sort", &[Vector], Vector),
    Function::new("sort_by_label", &[Vector, Text], Vector).variadic(Variadic::Any).experimental(),
    Function::new("sort_by_label_desc", &[Vector, Text], Vector).variadic(Variadic::Any).experimental(),
    Function::new("sort_desc", &[Vector], Vector),
    Function::new("sqrt", &[Vector], Vector),
    Function::new("start", &[], Scalar).experimental(),
    Function::new("start_timestamp", &[Vector], Vector).experimental(),
    Function::new("stddev_over_time", &[Matrix], Vector),
    Function::new("stdvar_over_time", &[Matrix], Vector),
    Function::new("step", &[], Scalar).experimental(),
    Function::new("sum_over_time", &[Matrix], Vector),
    Function::new("tan", &[Vector], Vector),
    Function::new("tanh", &[Vector], Vector),
    Function::new("time", &[], Scalar),
    Function::new("timestamp", &[Vector], Vector),
    Function::new("ts_of_first_over_time", &[Matrix], Vector).experimental(),
    Function::new("ts_of_last_over_time", &[Matrix], Vector).experimental(),
    Function::new("ts_of_max_over_time", &[Matrix], Vector).experimental(),
    Function::new("ts_of_min_over_time", &[Matrix], Vector).experimental(),
    Function::new("vector", &[Scalar], Vector),
    Function::new("year", &[Vector], Vector).variadic(Variadic::UpTo(1)),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn functions_are_sorted_by_name() {
        assert!(Function::all().is_sorted_by(|one, next| one.name < next.name));
        assert_eq!(Function::find("rate").map(|function| function.args), Some(&[Matrix][..]));
        assert_eq!(Function::find("holt_winters"), None);
    }
}
