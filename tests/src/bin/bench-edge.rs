//! What the edge costs: the service, a bare Actix handler, Express and Fastify give the same JSON
//! answer to the same load, one after the other, on one core each: `make bench-edge`. They take turns;
//! a ratio is the median of those of each turn.
//!
//! The service answers `GET /api/v1/projects/default` to callers with API keys: every layer, rate
//! limits included, and the permission check. The peers check one key, and have their helmet,
//! rate-limit, CORS and compression plugins. The bare handler does nothing but answer.
#![expect(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::print_stdout,
    reason = "a bench that cannot go on has failed; its figures are its output"
)]

use serde_json::json;
use std::env;
use std::fs;
use std::io::Read;
use std::net::TcpListener;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use tests::load::pin;
use tests::{Client, Database, KEY, PROJECT, Service, eventually, median, setting};

/// A single identity may not ask faster than 10,000 times a second, so several do.
const KEYS: usize = 16;
/// Short turns, since the machine is not equally fast from one minute to the next.
const ROUNDS: usize = 9;

fn main() {
    let mut arguments = env::args().skip(1);
    if arguments.next().as_deref() == Some("bare") {
        let answer = fs::read_to_string(arguments.next().expect("a file")).expect("the answer");
        return bare(&arguments.next().expect("a port"), answer);
    }
    let folder = tempfile::tempdir().expect("a folder");
    let contenders = contenders(folder.path());
    let rounds: Vec<Vec<f64>> = (0..ROUNDS)
        .map(|_| contenders.iter().map(|contender| contender.measure(folder.path())).collect())
        .collect();
    for (number, contender) in contenders.iter().enumerate() {
        let rate = median(rounds.iter().map(|rates| rates[number]));
        let ratio = median(rounds.iter().map(|rates| rates[0] / rates[number]));
        println!("{:<28} {rate:>9.0} requests/s   ours / it {ratio:>6.2}", contender.name);
    }
}

/// A server on core 0.
struct Contender {
    name: &'static str,
    url: String,
    /// What callers send; they take turns.
    keys: Vec<String>,
    /// Ends with it.
    _server: Server,
}

enum Server {
    Service(#[expect(dead_code, reason = "held until the end")] Box<Service>),
    Process(Child),
}

impl Drop for Server {
    fn drop(&mut self) {
        if let Self::Process(process) = self {
            let _ = process.kill();
            let _ = process.wait();
        }
    }
}

fn contenders(folder: &Path) -> Vec<Contender> {
    let limits = "api=600000/60,console=600000/60";
    let service = Service::builder(Database::sqlite())
        .env("RESEARCHFLOW_WORKERS", "1")
        .env("RESEARCHFLOW_RATE_LIMITS", limits)
        .start();
    pin(service.pid(), 0);
    let keys: Vec<String> = (0..KEYS)
        .map(|_| {
            let body = json!({"name": "bench", "scopes": ["read"]});
            let key = service.key().post(&format!("{PROJECT}/keys"), &body).expect(201);
            key["key"].as_str().expect("a key").to_owned()
        })
        .collect();
    let answer = service.key().get(PROJECT).text();
    let answer_file = folder.join("answer.json");
    fs::write(&answer_file, &answer).expect("a file");
    let this = env::current_exe().expect("a path");
    let peers = Path::new("target/peers/edge").canonicalize().expect("`make bench-edge` makes it");
    let mut bare = Command::new(this);
    bare.arg("bare").arg(&answer_file);
    let node = |script: &str| {
        let mut command = Command::new("node");
        command.arg(script).current_dir(&peers).env("NODE_ENV", "production");
        command.env("ANSWER", &answer).env("KEY", KEY);
        command
    };
    vec![
        Contender {
            name: "ResearchFlow, whole edge",
            url: format!("{}{PROJECT}", service.base()),
            keys,
            _server: Server::Service(Box::new(service)),
        },
        peer("Actix, bare handler", bare),
        peer("Express and plugins", node("express.js")),
        peer("Fastify and plugins", node("fastify.js")),
    ]
}

/// Starts a peer, which takes its port as `PORT` and as its last argument.
fn peer(name: &'static str, mut command: Command) -> Contender {
    let free = TcpListener::bind("127.0.0.1:0").expect("a port");
    let port = free.local_addr().expect("an address").port();
    drop(free);
    command.env("PORT", port.to_string()).arg(port.to_string()).stdout(Stdio::null());
    let process = command.spawn().unwrap_or_else(|error| panic!("{name}: {error}"));
    pin(process.id(), 0);
    let base = format!("http://127.0.0.1:{port}");
    let up = || Client::new(&base).try_send("GET", "/", &[], None).ok();
    eventually(name, up);
    Contender {
        name,
        url: format!("{base}/"),
        keys: vec![KEY.to_owned()],
        _server: Server::Process(process),
    }
}

impl Contender {
    /// Requests per second that are answered with 200, by wrk on core 1.
    fn measure(&self, folder: &Path) -> f64 {
        let keys: Vec<String> = self.keys.iter().map(|key| format!("{key:?}")).collect();
        let script = folder.join("keys.lua");
        let lua = format!(
            "local keys, turn = {{{}}}, 0\n\
             request = function()\n\
             turn = turn % #keys + 1\n\
             return wrk.format('GET', nil, {{authorization = 'Bearer ' .. keys[turn]}})\n\
             end",
            keys.join(",")
        );
        fs::write(&script, lua).expect("a file");
        let seconds = setting("SECONDS", 2);
        let mut wrk = Command::new("taskset")
            .args(["-c", "1", "wrk", "-t1", "-c32", &format!("-d{seconds}s"), "-s"])
            .arg(&script)
            .arg(&self.url)
            .stdout(Stdio::piped())
            .spawn()
            .expect("taskset and wrk");
        let mut said = String::new();
        wrk.stdout.take().expect("a pipe").read_to_string(&mut said).expect("a text");
        wrk.wait().expect("wrk ends");
        assert!(!said.contains("Non-2xx"), "{}: {said}", self.name);
        let rate = said.lines().find_map(|line| line.strip_prefix("Requests/sec:"));
        rate.and_then(|rate| rate.trim().parse().ok()).unwrap_or_else(|| panic!("wrk said {said}"))
    }
}

/// The least that Actix can do for the answer.
fn bare(port: &str, answer: String) {
    use actix_web::{App, HttpResponse, HttpServer, rt, web};
    let port = port.parse().expect("a port");
    let app = move || {
        let answer = answer.clone();
        App::new().route(
            "/",
            web::get().to(move || {
                let answer = answer.clone();
                async move { HttpResponse::Ok().content_type("application/json").body(answer) }
            }),
        )
    };
    let server = HttpServer::new(app).workers(1).tcp_nodelay(true).bind(("127.0.0.1", port));
    rt::System::new().block_on(server.expect("the port").run()).expect("it serves");
}
