// SPDX-License-Identifier: BSD-2-Clause

//! connections: idle TCP connections of this program with itself, and what the server's side of each takes in resident
//! memory; the kernel's own is not in that. "thread": a thread for each. "poll": one epoll for all. At the end the
//! peers go, and each connection must have noticed.

use crate::epoll::Epoll;
use crate::options::Options;
use crate::os;
use crate::result::{measure, Report};
use crate::tasks::no_thread;
use crate::Outcome;
use std::io::{ErrorKind, Read};
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::thread::{self, Builder, JoinHandle};

/// As many ports as a client surely has towards one address
const PER_ADDRESS: usize = 20_000;
const MOST_ADDRESSES: usize = 250;

/// Reads nothing but the end
fn has_ended(mut stream: &TcpStream) -> bool {
    loop {
        match stream.read(&mut [0]) {
            Err(err) if err.kind() == ErrorKind::Interrupted => {}
            result => return matches!(result, Ok(0)),
        }
    }
}

/// The server's side
trait Server {
    fn take(&mut self, stream: TcpStream) -> Result<(), String>;
    /// Of how many connections the end was read. To be called when all peers are gone.
    fn ended(self: Box<Self>) -> Result<usize, String>;
}

#[derive(Default)]
struct Threads(Vec<JoinHandle<bool>>);

impl Server for Threads {
    fn take(&mut self, stream: TcpStream) -> Result<(), String> {
        let thread = Builder::new().spawn(move || has_ended(&stream));
        self.0
            .push(thread.map_err(|err| no_thread(self.0.len() + 1, err))?);
        Ok(())
    }

    fn ended(self: Box<Self>) -> Result<usize, String> {
        Ok(self
            .0
            .into_iter()
            .map(JoinHandle::join)
            .filter(|ended| matches!(ended, Ok(true)))
            .count())
    }
}

/// What a server would keep of each
struct Connection {
    stream: TcpStream,
    _request: Vec<u8>,
}

struct Poll {
    epoll: Epoll,
    connections: Vec<Option<Connection>>,
}

impl Server for Poll {
    fn take(&mut self, stream: TcpStream) -> Result<(), String> {
        let added = self.epoll.add(&stream, self.connections.len());
        added.map_err(|err| format!("epoll_ctl: {err}"))?;
        self.connections.push(Some(Connection {
            stream,
            _request: Vec::new(),
        }));
        Ok(())
    }

    fn ended(mut self: Box<Self>) -> Result<usize, String> {
        let (mut left, mut ended) = (self.connections.len(), 0);
        while left > 0 {
            for number in self
                .epoll
                .wait()
                .map_err(|err| format!("epoll_wait: {err}"))?
            {
                if let Some(connection) = self.connections[number].take() {
                    left -= 1;
                    ended += usize::from(has_ended(&connection.stream));
                }
            }
        }
        Ok(ended)
    }
}

fn listen(address: usize) -> Result<TcpListener, String> {
    let address = Ipv4Addr::new(127, 0, 0, (1 + address % MOST_ADDRESSES) as u8);
    TcpListener::bind((address, 0)).map_err(|err| format!("listening on {address}: {err}"))
}

/// Both ends of a connection
fn connect(listener: &TcpListener) -> std::io::Result<(TcpStream, TcpStream)> {
    let peer = TcpStream::connect(listener.local_addr()?)?;
    Ok((peer, listener.accept()?.0))
}

/// Until there are n, or no more are to be had. Each address has as many as there are ports towards it.
fn connect_all(
    n: usize,
    server: &mut dyn Server,
    peers: &mut Vec<TcpStream>,
) -> Result<(), String> {
    let mut listener = listen(0)?;
    while peers.len() < n {
        if peers.len() % PER_ADDRESS == PER_ADDRESS - 1 {
            listener = listen(peers.len() / PER_ADDRESS + 1)?;
        }
        let (peer, stream) = connect(&listener)
            .map_err(|err| format!("connecting: {err} (limit of open files: ulimit -n)"))?;
        server.take(stream)?;
        peers.push(peer);
    }
    Ok(())
}

fn new_server(mode: Option<&str>) -> Result<Box<dyn Server>, String> {
    if mode != Some("poll") {
        return Ok(Box::new(Threads::default()));
    }
    let epoll = Epoll::new().map_err(|err| format!("epoll_create1: {err}"))?;
    Ok(Box::new(Poll {
        epoll,
        connections: Vec::new(),
    }))
}

pub fn run(options: &Options, report: &mut Report) -> Outcome {
    os::allow_most_files()?;
    let mut server = new_server(options.mode)?;
    let mut peers = Vec::with_capacity(options.n.min(os::MOST_FILES) as usize);
    let before = os::memory()?;
    let (limit, mut span) = measure(options.n, |n| {
        connect_all(n as usize, &mut *server, &mut peers).err()
    });
    thread::sleep(options.duration());
    let idle = os::memory();
    let reached = peers.len();
    drop(peers);
    let ended = server.ended()?;
    if ended != reached {
        return Err(format!(
            "{ended} of {reached} connections noticed that their peer has gone"
        ));
    }
    if let Some(limit) = limit {
        eprintln!("rust-bench: connections: no more than {reached}: {limit}");
    }
    let idle = idle?;
    span.n = reached as u64;
    report.add("all", span);
    report.int("n", options.n);
    report.int("reached", reached as u64);
    report.int("elapsed_ns", span.ns());
    report.real("ns_per_connection", span.ns_each());
    let bytes = |now: u64, before: u64| (now as f64 - before as f64) / reached as f64;
    report.real("bytes_per_task", bytes(idle.resident, before.resident));
    report.real(
        "virtual_bytes_per_task",
        bytes(idle.virtual_, before.virtual_),
    );
    report.int("resident_bytes", idle.resident);
    Ok(())
}
