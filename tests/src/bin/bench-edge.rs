//! What the edge costs: the service, a bare Actix handler, Express and Fastify give the same JSON
//! answer to the same load, one after the other, on one core each: `make bench-edge`. They take turns;
//! a ratio is the median of those of each turn.
//!
//! The service, as `make release` builds it, answers `GET /api/v1/projects/default` to callers with API
//! keys: every layer, rate limits included, and the permission check. The peers check one key, and have
//! their helmet, rate-limit, CORS and compression plugins. The bare handler does nothing but answer.
//! Between it and the service stands what Actix asks for layers and headers as such: as many layers,
//! which do nothing, and an answer with the same headers.
#![expect(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::print_stdout,
    reason = "a bench that cannot go on has failed; its figures are its output"
)]

use actix_web::body::MessageBody;
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::http::header::{HeaderName, HeaderValue};
use actix_web::middleware::{Next, from_fn};
use actix_web::{App, Error, HttpResponse, HttpServer, rt, web};
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
    if let [_, server, answer, port] = &env::args().collect::<Vec<_>>()[..] {
        let answer = serde_json::from_str(&fs::read_to_string(answer).expect("a file"));
        let (answer, port) = (answer.expect("the answer"), port.parse().expect("a port"));
        return if server == "bare" { bare(port, answer) } else { idle_layers(port, answer) };
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
    let answer = answer_of(&service);
    let answer_file = folder.join("answer.json");
    fs::write(&answer_file, serde_json::to_vec(&answer).expect("an answer")).expect("a file");
    let peers = Path::new("target/peers/edge").canonicalize().expect("`make bench-edge` makes it");
    let actix = |server: &str| {
        let mut command = Command::new(env::current_exe().expect("a path"));
        command.arg(server).arg(&answer_file);
        command
    };
    let node = |script: &str| {
        let mut command = Command::new("node");
        command.arg(script).current_dir(&peers).env("NODE_ENV", "production");
        command.env("ANSWER", &answer.1).env("KEY", KEY);
        command
    };
    vec![
        Contender {
            name: "ResearchFlow, whole edge",
            url: format!("{}{PROJECT}", service.base()),
            keys,
            _server: Server::Service(Box::new(service)),
        },
        peer("Actix, bare handler", actix("bare")),
        peer("Actix, layers that do nothing", actix("idle-layers")),
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

/// What the service answers: its fields and its body.
type Answer = (Vec<(String, String)>, String);

fn answer_of(service: &Service) -> Answer {
    let answer = service.key().get(PROJECT);
    let text = |value: &ureq::http::HeaderValue| value.to_str().expect("text").to_owned();
    let fields = answer.headers.iter().map(|(name, value)| (name.to_string(), text(value)));
    (fields.collect(), answer.text())
}

/// The least that Actix can do for the answer.
fn bare(port: u16, (_, body): Answer) {
    let answer = move || {
        let body = body.clone();
        async move { HttpResponse::Ok().content_type("application/json").body(body) }
    };
    let app = move || App::new().route("/", web::get().to(answer.clone()));
    let server = HttpServer::new(app).workers(1).tcp_nodelay(true).bind(("127.0.0.1", port));
    rt::System::new().block_on(server.expect("the port").run()).expect("it serves");
}

/// As many layers as the service has, which do nothing, and the same fields in the answer.
fn idle_layers(port: u16, (fields, body): Answer) {
    // Actix writes the others itself.
    let ours = fields.iter().filter(|(name, _)| !["date", "content-length"].contains(&&**name));
    let ours = ours.map(|(name, value)| {
        let value = HeaderValue::from_str(value).expect("a value");
        (name.parse::<HeaderName>().expect("a name"), value)
    });
    let ours: Vec<_> = ours.collect();
    let answer = move || {
        let mut answer = HttpResponse::Ok();
        for field in &ours {
            answer.append_header(field.clone());
        }
        let body = body.clone();
        async move { answer.body(body) }
    };
    let app = move || {
        App::new()
            .wrap(from_fn(pass))
            .wrap(from_fn(pass))
            .wrap(from_fn(pass))
            .wrap(from_fn(pass))
            .wrap(from_fn(pass))
            .wrap(from_fn(pass))
            .wrap(from_fn(pass))
            .wrap(from_fn(pass))
            .wrap(from_fn(pass))
            .wrap(from_fn(pass))
            .wrap(from_fn(pass))
            .wrap(from_fn(pass))
            .wrap(from_fn(pass))
            .route("/", web::get().to(answer.clone()))
    };
    let server = HttpServer::new(app).workers(1).tcp_nodelay(true).bind(("127.0.0.1", port));
    rt::System::new().block_on(server.expect("the port").run()).expect("it serves");
}

async fn pass<B: MessageBody>(
    request: ServiceRequest,
    next: Next<B>,
) -> Result<ServiceResponse<B>, Error> {
    next.call(request).await
}
