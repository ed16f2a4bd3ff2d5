//! Real targets: node_exporter, etcd, a Spark master with a worker and an application; and captures of Mesos, replayed.

use std::io::{BufRead, BufReader, Write};
use std::net::{SocketAddr, TcpListener};
use std::path::{Path, PathBuf};
use std::process::Command;

use super::{Process, installed, wait_until};
use crate::http;
use crate::narthex::free_address;

/// Modules of Java that Spark reaches into.
const OPENED: [&str; 9] = [
    "java.lang",
    "java.lang.invoke",
    "java.io",
    "java.net",
    "java.nio",
    "java.util",
    "java.util.concurrent",
    "sun.nio.ch",
    "sun.security.action",
];

const SPARK_METRICS: &str = "\
*.sink.prometheusServlet.class=org.apache.spark.metrics.sink.PrometheusServlet
*.sink.prometheusServlet.path=/metrics/prometheus
master.sink.prometheusServlet.path=/metrics/master/prometheus
applications.sink.prometheusServlet.path=/metrics/applications/prometheus
";

const SPARK_APPLICATION: &str = "\
import time
from pyspark.sql import SparkSession
spark = SparkSession.builder.appName('orders').getOrCreate()
while True:
    spark.sparkContext.parallelize(range(1000), 2).count()
    time.sleep(1)
";

/// One target: job, address, path, and whether Prometheus can read it too.
#[derive(Clone, Debug)]
pub(super) struct Target {
    pub(super) job: &'static str,
    pub(super) address: SocketAddr,
    pub(super) path: &'static str,
    pub(super) is_for_both: bool,
}

/// All targets, running.
#[derive(Debug)]
pub(super) struct Targets {
    pub(super) targets: Vec<Target>,
    _processes: Vec<Process>,
}

/// What must be installed.
pub(super) fn needed() -> Vec<PathBuf> {
    let spark = installed("targets/pyspark/pyspark/jars");
    vec!["/usr/bin/prometheus-node-exporter".into(), "/usr/bin/etcd".into(), spark, mesos_capture("master_0agents")]
}

impl Targets {
    /// Starts them all, and waits until each answers.
    pub(super) fn start(dir: &Path) -> Targets {
        let mut targets = Vec::new();
        let mut processes = Vec::new();
        let mut add = |job, address, path, is_for_both| targets.push(Target { job, address, path, is_for_both });

        let node = free_address();
        let mut command = Command::new("prometheus-node-exporter");
        command.arg(format!("--web.listen-address={node}"));
        processes.push(Process::start(&mut command, &dir.join("node.log")));
        add("node", node, "/metrics", true);

        let (etcd, etcd_peers) = (free_address(), free_address());
        let mut command = Command::new("etcd");
        command.args(["--data-dir", &dir.join("etcd").display().to_string()]);
        for flag in ["--listen-client-urls", "--advertise-client-urls"] {
            command.args([flag, &format!("http://{etcd}")]);
        }
        let peers = format!("http://{etcd_peers}");
        command.args(["--listen-peer-urls", &peers, "--initial-advertise-peer-urls", &peers]);
        command.arg(format!("--initial-cluster=default={peers}"));
        processes.push(Process::start(&mut command, &dir.join("etcd.log")));
        add("etcd", etcd, "/metrics", true);

        let spark = Spark::start(dir, &mut processes);
        add("spark-master", spark.master, "/metrics/master/prometheus/", true);
        add("spark-applications", spark.master, "/metrics/applications/prometheus/", true);
        add("spark-worker", spark.worker, "/metrics/prometheus/", true);
        add("spark-driver", spark.driver, "/metrics/prometheus/", true);
        add("spark-executors", spark.driver, "/metrics/executors/prometheus", true);

        add("mesos-master", replay(&mesos_capture("master_0agents")), "/metrics/snapshot", false);
        add("mesos-agent", replay(&mesos_capture("master_1agent")), "/metrics/snapshot", false);

        for target in &targets {
            wait_until(&format!("{} answers", target.job), || {
                http::get(target.address, target.path)
                    .is_ok_and(|response| response.status == 200 && !response.body.is_empty())
            });
        }
        Targets { targets, _processes: processes }
    }
}

struct Spark {
    master: SocketAddr,
    worker: SocketAddr,
    driver: SocketAddr,
}

impl Spark {
    fn start(dir: &Path, processes: &mut Vec<Process>) -> Spark {
        let (master, worker, driver, rpc) = (free_address(), free_address(), free_address(), free_address());
        let metrics = dir.join("metrics.properties");
        std::fs::write(&metrics, SPARK_METRICS).unwrap();
        let application = dir.join("application.py");
        std::fs::write(&application, SPARK_APPLICATION).unwrap();
        let home = installed("targets/pyspark/pyspark");
        let url = format!("spark://{rpc}");

        let java = |main: &str, args: &[String], log: &str| {
            let mut command = Command::new("java");
            command.env("SPARK_HOME", &home).env("SPARK_SCALA_VERSION", "2.13").arg("-Xmx300m");
            for module in OPENED {
                command.arg("--add-opens").arg(format!("java.base/{module}=ALL-UNNAMED"));
            }
            command.arg("-cp").arg(home.join("jars/*")).arg(format!("-Dspark.metrics.conf={}", metrics.display()));
            command.arg(format!("org.apache.spark.deploy.{main}")).args(["--host", "127.0.0.1"]).args(args);
            Process::start(&mut command, &dir.join(log))
        };
        let port = |flag: &str, address: SocketAddr| [flag.to_owned(), address.port().to_string()];
        let args = [port("--port", rpc), port("--webui-port", master)].concat();
        processes.push(java("master.Master", &args, "master.log"));
        wait_until("Spark's master listens", || std::net::TcpStream::connect(rpc).is_ok());
        let own = ["-c", "1", "-m", "600m", "-d"].map(str::to_owned);
        let work = [dir.join("work").display().to_string(), url.clone()];
        let args = [&port("--webui-port", worker)[..], &own, &work].concat();
        processes.push(java("worker.Worker", &args, "worker.log"));

        let mut command = Command::new(home.join("bin/spark-submit"));
        command.env("SPARK_HOME", &home).env("SPARK_SCALA_VERSION", "2.13").env("SPARK_LOCAL_IP", "127.0.0.1");
        command.env("PYTHONPATH", installed("targets/pyspark"));
        command.args(["--master", &url, "--driver-memory", "500m", "--executor-memory", "500m"]);
        for setting in [
            format!("spark.ui.port={}", driver.port()),
            "spark.ui.prometheus.enabled=true".to_owned(),
            format!("spark.metrics.conf={}", metrics.display()),
            "spark.metrics.namespace=${spark.app.name}".to_owned(),
            "spark.driver.host=127.0.0.1".to_owned(),
        ] {
            command.args(["--conf", &setting]);
        }
        processes.push(Process::start(command.arg(application), &dir.join("driver.log")));
        Spark { master, worker, driver }
    }
}

/// The directory of other projects' test data.
fn suites() -> PathBuf {
    std::env::var_os("NARTHEX_SUITES")
        .map_or_else(|| Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/suites"), PathBuf::from)
}

/// A captured `/metrics/snapshot` of Mesos 1.11.
fn mesos_capture(which: &str) -> PathBuf {
    suites().join(format!("smack/mesos/metrics_snapshot_{which}.json"))
}

/// Answers every request with a captured document.
fn replay(capture: &Path) -> SocketAddr {
    let body = std::fs::read(capture).unwrap();
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let body = body.clone();
            // A connection that breaks concerns nobody.
            std::thread::spawn(move || stream.and_then(|stream| answer_all(&stream, &body)));
        }
    });
    address
}

fn answer_all(mut stream: &std::net::TcpStream, body: &[u8]) -> std::io::Result<()> {
    let mut reader = BufReader::new(stream);
    loop {
        let mut line = String::new();
        while line != "\r\n" {
            line.clear();
            if reader.read_line(&mut line)? == 0 {
                return Ok(());
            }
        }
        let head =
            format!("HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n", body.len());
        stream.write_all(head.as_bytes())?;
        stream.write_all(body)?;
    }
}
