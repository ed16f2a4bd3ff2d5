//! A million series with twenty samples each: what a series costs in memory, and how long a start takes after kill -9.

use std::io;

use benches::payload::{Grid, Payload, SERIES_PER_HOST};
use model::{Clock, SystemClock};

use crate::arguments::Arguments;
use crate::load::{NO_TARGETS, new_dir};
use crate::peer::Peer;
use crate::restart;
use crate::sender::Requests;
use crate::server::Server;
use crate::table::{Bar, Measured, Table, Unit};

const N_HOSTS: usize = 3_334;
const N_STEPS: usize = 20;

/// Measures, and adds the rows. Answers whether narthex lost nothing.
pub(crate) fn measure(arguments: &Arguments, peers: &[Peer], table: &mut Table) -> io::Result<bool> {
    let payload = Payload::new(3, N_HOSTS, Grid::until(SystemClock::new().now_ms(), N_STEPS));
    let requests = Requests::new(&payload);
    println!("a million series: requests of {} MB are ready", requests.n_bytes() >> 20);
    let n_series = (N_HOSTS * SERIES_PER_HOST) as f64;
    let (mut bytes, mut restarts, mut lost) = (Vec::new(), Vec::new(), Vec::new());
    for &peer in peers {
        let dir = new_dir()?;
        let mut server = Server::start(arguments, peer, dir.path(), NO_TARGETS)?;
        server.wait_until_ready()?;
        let sent = requests.send(server.address, 0..N_STEPS)?;
        bytes.push(Measured::once(peer, server.memory()?.resident / n_series));
        let restart = restart::kill_and_ask(&mut server, &payload)?;
        restarts.push(Measured::once(peer, restart.map_or(f64::NAN, |restart| restart.as_secs_f64())));
        lost.push(Measured::once(peer, sent.n_samples - restart::count(&server, &payload)?));
    }
    let is_right = lost.iter().all(|lost| lost.peer != Peer::Narthex || lost.rounds == [0.0]);
    table.push("1,000,200 series with 20 samples: RSS a series", Unit::Bytes, Bar::Below(700.0), bytes);
    table.push("their restart after kill -9", Unit::Seconds, Bar::Below(2.0), restarts);
    table.push("acknowledged samples lost by that", Unit::Count, Bar::Exactly(0.0), lost);
    Ok(is_right)
}
