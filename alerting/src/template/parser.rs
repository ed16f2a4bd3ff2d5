//! From tokens to trees, by recursive descent; nesting has a limit.
//!
//! The grammar is Go's, and so are the messages. Names of functions are checked here, so that a rule file with a misspelt
//! one is refused when it is read.

use std::sync::Arc;

use model::name::quoted;

use super::error::ParseError;
use super::lexer::{Keyword, Token, TokenKind, tokens};
use super::limits::PARSE_DEPTH;
use super::literal::{Number, unquote};
use super::node::{Branch, BranchKind, Command, Node, Pipe, Tree, Word, WordKind};

/// Reads a text: the template of its own name, and those that it defines, in the order in which they end.
pub(super) fn parse(file: &str, text: &str, is_function: &dyn Fn(&str) -> bool) -> Result<Vec<Tree>, ParseError> {
    let text: Arc<str> = text.into();
    let mut parser = Parser {
        file,
        tokens: tokens(&text),
        text: text.clone(),
        at: 0,
        furthest: 0,
        variables: vec!["$".to_owned()],
        action_line: 0,
        range_depth: 0,
        depth: 0,
        is_function,
        trees: Vec::new(),
    };
    match parser.file() {
        Ok(body) => {
            parser.define(file.to_owned(), body).map_err(|reason| parser.error(reason))?;
            Ok(parser.trees)
        }
        Err(reason) => Err(parser.error(reason)),
    }
}

struct Parser<'t> {
    file: &'t str,
    text: Arc<str>,
    tokens: Vec<Token>,
    at: usize,
    /// The last token that was looked at: its line is where an error is reported.
    furthest: usize,
    variables: Vec<String>,
    /// The line where the current action begins; 0 outside of actions.
    action_line: usize,
    range_depth: usize,
    depth: usize,
    is_function: &'t dyn Fn(&str) -> bool,
    trees: Vec<Tree>,
}

/// How a body ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Ending {
    End,
    Else,
}

impl Ending {
    fn text(self) -> &'static str {
        match self {
            Ending::End => "{{end}}",
            Ending::Else => "{{else}}",
        }
    }
}

/// What stands next in a body.
enum Item {
    Node(Node),
    /// `{{define}}`, which leaves nothing where it stands.
    Nothing,
    Ending(Ending),
}

type Parsed<T> = Result<T, String>;

impl Parser<'_> {
    fn error(&self, reason: String) -> ParseError {
        ParseError { name: self.file.to_owned(), line: self.tokens[self.furthest].line, reason }
    }

    fn token(&mut self, at: usize) -> Token {
        let at = at.min(self.tokens.len() - 1);
        self.furthest = self.furthest.max(at);
        self.tokens[at].clone()
    }

    fn kind(&mut self) -> TokenKind {
        self.token(self.at).kind
    }

    fn next(&mut self) -> Token {
        let token = self.token(self.at);
        self.at += 1;
        token
    }

    fn skip_space(&mut self) {
        while self.kind() == TokenKind::Space {
            self.at += 1;
        }
    }

    fn next_non_space(&mut self) -> Token {
        self.skip_space();
        self.next()
    }

    fn peek_non_space(&mut self) -> Token {
        self.skip_space();
        self.token(self.at)
    }

    fn expect(&mut self, kinds: &[TokenKind], context: &str) -> Parsed<Token> {
        let token = self.next_non_space();
        if kinds.contains(&token.kind) { Ok(token) } else { Err(self.unexpected(&token, context)) }
    }

    fn unexpected(&self, token: &Token, context: &str) -> String {
        if token.kind != TokenKind::Error {
            return format!("unexpected {} in {context}", token.described());
        }
        if self.action_line == 0 || self.action_line == token.line {
            return token.text.clone();
        }
        let action = if token.text.ends_with(" action") { "" } else { " in action" };
        format!("{}{action} started at {}:{}", token.text, self.file, self.action_line)
    }

    fn enter(&mut self) -> Parsed<()> {
        self.depth += 1;
        if self.depth > PARSE_DEPTH {
            return Err(format!("nested more than {PARSE_DEPTH} deep (limit template_depth)"));
        }
        Ok(())
    }

    fn define(&mut self, name: String, body: Vec<Node>) -> Parsed<()> {
        let tree = Tree { name, file: self.file.to_owned(), text: self.text.clone(), body };
        match self.trees.iter_mut().find(|other| other.name == tree.name) {
            Some(other) if other.is_empty() => *other = tree,
            Some(_) if tree.is_empty() => {}
            Some(_) => return Err(format!("template: multiple definition of template {}", quoted(&tree.name))),
            None => self.trees.push(tree),
        }
        Ok(())
    }

    fn file(&mut self) -> Parsed<Vec<Node>> {
        let mut body = Vec::new();
        loop {
            if self.kind() == TokenKind::End {
                return Ok(body);
            }
            match self.item(true)? {
                Item::Node(node) => body.push(node),
                Item::Nothing => {}
                Item::Ending(ending) => return Err(format!("unexpected {}", ending.text())),
            }
        }
    }

    /// A body and how it ends.
    fn body(&mut self) -> Parsed<(Vec<Node>, Ending)> {
        self.enter()?;
        let mut body = Vec::new();
        loop {
            if self.peek_non_space().kind == TokenKind::End {
                return Err("unexpected EOF".to_owned());
            }
            match self.item(false)? {
                Item::Node(node) => body.push(node),
                Item::Nothing => {}
                Item::Ending(ending) => {
                    self.depth -= 1;
                    return Ok((body, ending));
                }
            }
        }
    }

    fn item(&mut self, is_top: bool) -> Parsed<Item> {
        let token = self.next_non_space();
        match token.kind {
            TokenKind::Text => Ok(Item::Node(Node::Text(token.text))),
            TokenKind::LeftDelimiter => {
                if is_top && self.peek_non_space().kind == TokenKind::Keyword(Keyword::Define) {
                    self.next();
                    return self.definition();
                }
                self.action_line = token.line;
                let item = self.action()?;
                self.action_line = 0;
                Ok(item)
            }
            _ => Err(self.unexpected(&token, "input")),
        }
    }

    fn definition(&mut self) -> Parsed<Item> {
        let context = "define clause";
        let name = self.expect(&[TokenKind::String, TokenKind::RawString], context)?;
        let name = unquote(&name.text)?;
        self.expect(&[TokenKind::RightDelimiter], context)?;
        let body = self.own_body(context)?;
        self.define(name, body)?;
        Ok(Item::Nothing)
    }

    /// The body of a template of its own: with other variables.
    fn own_body(&mut self, context: &str) -> Parsed<Vec<Node>> {
        let variables = std::mem::replace(&mut self.variables, vec!["$".to_owned()]);
        let range_depth = std::mem::take(&mut self.range_depth);
        let (body, ending) = self.body()?;
        if ending != Ending::End {
            return Err(format!("unexpected {} in {context}", ending.text()));
        }
        (self.variables, self.range_depth) = (variables, range_depth);
        Ok(body)
    }

    /// What stands behind a `{{`.
    fn action(&mut self) -> Parsed<Item> {
        let token = self.peek_non_space();
        let TokenKind::Keyword(keyword) = token.kind else { return self.command_action() };
        self.next();
        match keyword {
            Keyword::Block => self.block(),
            Keyword::Break | Keyword::Continue => self.jump(&token),
            Keyword::Else => {
                let next = self.peek_non_space();
                let goes_on = [Keyword::If, Keyword::With].map(TokenKind::Keyword).contains(&next.kind);
                if !goes_on {
                    self.expect(&[TokenKind::RightDelimiter], "else")?;
                }
                Ok(Item::Ending(Ending::Else))
            }
            Keyword::End => {
                self.expect(&[TokenKind::RightDelimiter], "end")?;
                Ok(Item::Ending(Ending::End))
            }
            Keyword::If => self.branch(BranchKind::If),
            Keyword::Range => self.branch(BranchKind::Range),
            Keyword::With => self.branch(BranchKind::With),
            Keyword::Template => self.template(),
            Keyword::Define | Keyword::Nil => {
                self.at -= 1;
                self.command_action()
            }
        }
    }

    fn command_action(&mut self) -> Parsed<Item> {
        // Variables that are declared here live until the next end.
        Ok(Item::Node(Node::Action(self.pipe("command", TokenKind::RightDelimiter)?)))
    }

    fn jump(&mut self, token: &Token) -> Parsed<Item> {
        let context = format!("{{{{{}}}}}", token.text);
        self.expect(&[TokenKind::RightDelimiter], &context)?;
        if self.range_depth == 0 {
            return Err(format!("{context} outside {{{{range}}}}"));
        }
        Ok(Item::Node(if token.text == "break" { Node::Break } else { Node::Continue }))
    }

    fn branch(&mut self, kind: BranchKind) -> Parsed<Item> {
        let n_variables = self.variables.len();
        let context = match kind {
            BranchKind::If => "if",
            BranchKind::With => "with",
            BranchKind::Range => "range",
        };
        let pipe = self.pipe(context, TokenKind::RightDelimiter)?;
        let n_ranges = usize::from(kind == BranchKind::Range);
        self.range_depth += n_ranges;
        let (body, ending) = self.body()?;
        self.range_depth -= n_ranges;
        let otherwise = if ending == Ending::Else { Some(self.otherwise(kind)?) } else { None };
        self.variables.truncate(n_variables);
        Ok(Item::Node(Node::Branch(Branch { kind, pipe, body, otherwise })))
    }

    fn otherwise(&mut self, kind: BranchKind) -> Parsed<Vec<Node>> {
        // `{{else if}}` is an else that holds nothing but an if, and shares its end.
        let goes_on = matches!(
            (kind, self.kind()),
            (BranchKind::If, TokenKind::Keyword(Keyword::If)) | (BranchKind::With, TokenKind::Keyword(Keyword::With))
        );
        if goes_on {
            self.next();
            self.enter()?;
            let item = self.branch(kind)?;
            self.depth -= 1;
            return Ok(match item {
                Item::Node(node) => vec![node],
                Item::Nothing | Item::Ending(_) => Vec::new(),
            });
        }
        let (body, ending) = self.body()?;
        if ending != Ending::End {
            return Err(format!("expected end; found {}", ending.text()));
        }
        Ok(body)
    }

    fn block(&mut self) -> Parsed<Item> {
        let context = "block clause";
        let (at, name) = self.template_name(context)?;
        let pipe = self.pipe(context, TokenKind::RightDelimiter)?;
        let body = self.own_body(context)?;
        self.define(name.clone(), body)?;
        Ok(Item::Node(Node::Template { at, name, pipe: Some(pipe) }))
    }

    fn template(&mut self) -> Parsed<Item> {
        let context = "template clause";
        let (at, name) = self.template_name(context)?;
        let mut pipe = None;
        if self.peek_non_space().kind == TokenKind::RightDelimiter {
            self.next();
        } else {
            pipe = Some(self.pipe(context, TokenKind::RightDelimiter)?);
        }
        Ok(Item::Node(Node::Template { at, name, pipe }))
    }

    fn template_name(&mut self, context: &str) -> Parsed<(usize, String)> {
        let token = self.expect(&[TokenKind::String, TokenKind::RawString], context)?;
        Ok((token.at, unquote(&token.text)?))
    }

    fn pipe(&mut self, context: &str, end: TokenKind) -> Parsed<Pipe> {
        let at = self.peek_non_space().at;
        let mut pipe = Pipe { at, variables: Vec::new(), is_assignment: false, commands: Vec::new() };
        self.declarations(&mut pipe, context)?;
        loop {
            let token = self.peek_non_space();
            if token.kind == end {
                self.next();
                break;
            }
            if !begins_operand(token.kind) {
                self.next();
                return Err(self.unexpected(&token, context));
            }
            let command = self.command()?;
            pipe.commands.push(command);
        }
        check_pipe(&pipe, context)?;
        Ok(pipe)
    }

    /// `$x :=`, `$x =` or, in a range, `$i, $x :=`.
    fn declarations(&mut self, pipe: &mut Pipe, context: &str) -> Parsed<()> {
        while self.peek_non_space().kind == TokenKind::Variable {
            let before = self.at;
            let name = self.next().text;
            let next = self.peek_non_space();
            let is_comma = next.kind == TokenKind::Char && next.text == ",";
            if !is_comma && next.kind != TokenKind::Assign && next.kind != TokenKind::Declare {
                self.at = before;
                return Ok(());
            }
            self.next();
            pipe.is_assignment = next.kind == TokenKind::Assign;
            pipe.variables.push(name.clone());
            self.variables.push(name);
            if !is_comma {
                return Ok(());
            }
            if context != "range" || pipe.variables.len() > 1 {
                return Err(format!("too many declarations in {context}"));
            }
            let next = self.peek_non_space().kind;
            if ![TokenKind::Variable, TokenKind::RightDelimiter, TokenKind::RightParen].contains(&next) {
                return Err("range can only initialize variables".to_owned());
            }
        }
        Ok(())
    }

    fn command(&mut self) -> Parsed<Command> {
        let mut command = Command { at: self.peek_non_space().at, words: Vec::new() };
        loop {
            self.skip_space();
            command.words.extend(self.operand()?);
            let token = self.next();
            match token.kind {
                TokenKind::Space => {}
                TokenKind::RightDelimiter | TokenKind::RightParen => {
                    self.at -= 1;
                    break;
                }
                TokenKind::Pipe => break,
                _ => return Err(self.unexpected(&token, "operand")),
            }
        }
        if command.words.is_empty() {
            return Err("empty command".to_owned());
        }
        Ok(command)
    }

    /// A term and fields of it; nothing where no term stands.
    fn operand(&mut self) -> Parsed<Option<Word>> {
        let Some(mut word) = self.term()? else { return Ok(None) };
        let first = self.token(self.at);
        let mut more = Vec::new();
        while self.kind() == TokenKind::Field {
            more.push(self.next().text[1..].to_owned());
        }
        if more.is_empty() {
            return Ok(Some(word));
        }
        match &mut word.kind {
            WordKind::Field(fields) | WordKind::Variable(_, fields) => fields.append(&mut more),
            WordKind::Function(_) | WordKind::Pipe(_) | WordKind::Chain(..) => {
                return Ok(Some(Word { at: first.at, kind: WordKind::Chain(Box::new(word), more) }));
            }
            _ => return Err(format!("unexpected . after term {}", quoted(&word.to_string()))),
        }
        // As in Go, what follows is the place of the whole.
        word.at = first.at;
        Ok(Some(word))
    }

    fn term(&mut self) -> Parsed<Option<Word>> {
        let token = self.peek_non_space();
        let text = token.text;
        self.at += 1;
        let kind = match token.kind {
            TokenKind::Identifier if (self.is_function)(&text) => WordKind::Function(text),
            TokenKind::Identifier => return Err(format!("function {} not defined", quoted(&text))),
            TokenKind::Dot => WordKind::Dot,
            TokenKind::Keyword(Keyword::Nil) => WordKind::Nil,
            TokenKind::Variable if self.variables.contains(&text) => WordKind::Variable(text, Vec::new()),
            TokenKind::Variable => return Err(format!("undefined variable {}", quoted(&text))),
            TokenKind::Field => WordKind::Field(vec![text[1..].to_owned()]),
            TokenKind::Bool => WordKind::Bool(text == "true"),
            TokenKind::CharConstant => WordKind::Number(Number::character(&text)?),
            TokenKind::Number => WordKind::Number(Number::read(&text)?),
            TokenKind::LeftParen => {
                self.enter()?;
                let pipe = self.pipe("parenthesized pipeline", TokenKind::RightParen)?;
                self.depth -= 1;
                let at = pipe.at;
                return Ok(Some(Word { at, kind: WordKind::Pipe(Box::new(pipe)) }));
            }
            TokenKind::String | TokenKind::RawString => WordKind::Text { text: unquote(&text)?, quoted: text },
            _ => {
                self.at -= 1;
                return Ok(None);
            }
        };
        Ok(Some(Word { at: token.at, kind }))
    }
}

fn begins_operand(kind: TokenKind) -> bool {
    matches!(
        kind,
        TokenKind::Bool
            | TokenKind::CharConstant
            | TokenKind::Dot
            | TokenKind::Field
            | TokenKind::Identifier
            | TokenKind::Number
            | TokenKind::Keyword(Keyword::Nil)
            | TokenKind::RawString
            | TokenKind::String
            | TokenKind::Variable
            | TokenKind::LeftParen
    )
}

/// Only the first command of a pipe may be a constant: the others are called.
fn check_pipe(pipe: &Pipe, context: &str) -> Parsed<()> {
    if pipe.commands.is_empty() {
        return Err(format!("missing value for {context}"));
    }
    for (command, stage) in pipe.commands.iter().zip(1..).skip(1) {
        let is_constant = matches!(
            command.words.first().map(|word| &word.kind),
            Some(WordKind::Bool(_) | WordKind::Dot | WordKind::Nil | WordKind::Number(_) | WordKind::Text { .. })
        );
        if is_constant {
            return Err(format!("non executable command in pipeline stage {stage}"));
        }
    }
    Ok(())
}
