//! `statuscheck top`

mod frame;

use std::io::IsTerminal as _;
use std::process::ExitCode;
use std::time::Duration;

use anyhow::bail;
use clap::Args;
use ratatui::Terminal;
use ratatui::backend::TestBackend;
use ratatui::crossterm::event::{self, Event, KeyCode, KeyModifiers};
use statuscheck_domain::clock::SystemClock;
use statuscheck_proto::ops::v1::ops_service_client::OpsServiceClient;
use statuscheck_proto::ops::v1::{GetSlaSummaryRequest, ListCasesRequest, ListDepartmentsRequest};
use tokio::sync::mpsc;
use tokio::time::{MissedTickBehavior, interval};
use tonic::Status;
use tonic::transport::Channel;

use self::frame::Seen;
use super::client::Connection;
use super::ops::desks;
use super::output::{Output, say};

/// Cases asked for: more than a terminal shows.
const CASES: i32 = 50;

/// Columns and rows of one look where the terminal has fewer, or there is none: room for all of it.
const ONCE: (u16, u16) = (120, 50);

/// How long the keyboard is listened to in one go.
const LISTEN: Duration = Duration::from_millis(200);

/// Shows how open cases and departments stand, and goes on showing it until q is pressed.
#[derive(Args)]
#[command(
    after_help = "Examples:\n  statuscheck top --demo DIR\n  statuscheck top --once --demo DIR    one look, for a log or a pipe"
)]
pub(crate) struct Top {
    /// Prints one look and ends.
    #[arg(long)]
    once: bool,
    /// Seconds from one look to the next.
    #[arg(long, value_name = "SECONDS", default_value_t = 2, value_parser = clap::value_parser!(u64).range(1..=3600))]
    every: u64,
    #[command(flatten)]
    connection: Connection,
}

impl Top {
    pub(crate) async fn run(self) -> anyhow::Result<ExitCode> {
        let mut client = self.connection.operate()?;
        // The first look tells whether there is anything to look at, before the screen is taken.
        let seen = match look(&mut client).await {
            Ok(seen) => seen,
            Err(status) => return Output::of(false).error(&status),
        };
        if self.once {
            return print(&seen);
        }
        if !std::io::stdout().is_terminal() {
            bail!("this is no terminal; give --once for one look");
        }
        let mut terminal = ratatui::try_init()?;
        let shown = show(&mut terminal, &mut client, seen, Duration::from_secs(self.every)).await;
        ratatui::try_restore()?;
        shown?;
        Ok(ExitCode::SUCCESS)
    }
}

async fn look(client: &mut OpsServiceClient<Channel>) -> Result<Seen, Status> {
    let cases = ListCasesRequest {
        page_size: CASES,
        ..ListCasesRequest::default()
    };
    let summary = client
        .get_sla_summary(GetSlaSummaryRequest {})
        .await?
        .into_inner();
    let departments = client
        .list_departments(ListDepartmentsRequest {})
        .await?
        .into_inner();
    let cases = client.list_cases(cases).await?.into_inner();
    Ok(Seen {
        now: summary
            .as_of
            .map_or_else(|| SystemClock::shared().now().as_second(), |as_of| as_of.seconds),
        lines: summary.lines,
        referrals: summary.referrals.unwrap_or_default(),
        hooks: summary.hooks.unwrap_or_default(),
        desks: desks(&departments),
        departments: departments.departments,
        cases: cases.cases,
        trouble: None,
    })
}

fn print(seen: &Seen) -> anyhow::Result<ExitCode> {
    let (width, height) = ratatui::crossterm::terminal::size().unwrap_or((120, 40));
    let mut terminal = Terminal::new(TestBackend::new(width.max(ONCE.0), height.max(ONCE.1)))?;
    terminal.draw(|frame| frame::draw(frame, seen))?;
    let buffer = terminal.backend().buffer();
    for row in buffer.content().chunks(usize::from(buffer.area.width.max(1))) {
        let line: String = row.iter().map(|cell| cell.symbol()).collect();
        say!("{}", line.trim_end())?;
    }
    Ok(ExitCode::SUCCESS)
}

async fn show(
    terminal: &mut ratatui::DefaultTerminal,
    client: &mut OpsServiceClient<Channel>,
    mut seen: Seen,
    every: Duration,
) -> anyhow::Result<()> {
    // One key is enough to end; more than a few that nobody took yet are not kept.
    let (press, mut presses) = mpsc::channel(8);
    let keys = std::thread::spawn(move || listen(&press));
    let mut looks = interval(every);
    looks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    looks.tick().await;
    loop {
        terminal.draw(|frame| frame::draw(frame, &seen))?;
        tokio::select! {
            pressed = presses.recv() => if pressed.is_none_or(|key| key == Key::Quit) { break },
            _ = looks.tick() => match look(client).await {
                Ok(newer) => seen = newer,
                // What was seen last stays, and it is said that it is old.
                Err(status) => seen.trouble = Some(status.code().description().to_owned()),
            }
        }
    }
    drop(presses);
    keys.join().ok();
    Ok(())
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Key {
    Quit,
    /// The size changed, or something else that is drawn anew.
    Other,
}

/// Tells of keys until nobody listens.
fn listen(press: &mpsc::Sender<Key>) {
    while !press.is_closed() {
        let Ok(true) = event::poll(LISTEN) else {
            continue;
        };
        let key = match event::read() {
            Ok(Event::Key(key)) => {
                let ctrl_c = key.code == KeyCode::Char('c') && key.modifiers.contains(KeyModifiers::CONTROL);
                if ctrl_c || matches!(key.code, KeyCode::Char('q') | KeyCode::Esc) {
                    Key::Quit
                } else {
                    continue;
                }
            }
            Ok(_) => Key::Other,
            Err(_gone) => Key::Quit,
        };
        if press.blocking_send(key).is_err() {
            return;
        }
    }
}
