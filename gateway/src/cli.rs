//! The command line: one file per subcommand.

mod audit;
mod case;
mod check;
mod client;
mod config;
#[cfg(feature = "demo")]
mod demo;
mod desk;
mod due;
mod following;
mod given;
mod hooks;
mod keys;
mod ledger;
mod operator;
mod ops;
mod output;
mod referral;
mod register;
mod retention;
mod serve;
mod store;
mod subject;
mod top;

use std::io::IsTerminal as _;
use std::process::ExitCode;

use clap::{Parser, Subcommand, ValueEnum};
use tracing::Level;
use tracing_subscriber::EnvFilter;
use tracing_subscriber::filter::{FilterExt as _, filter_fn};
use tracing_subscriber::layer::{Layer as _, SubscriberExt as _};
use tracing_subscriber::util::SubscriberInitExt as _;

use self::output::NobodyReads;

/// Asks the state about a person's status, and serves those who ask.
#[derive(Parser)]
#[command(
    version,
    after_help = "Examples:\n  \
        statuscheck demo                                 everything on this machine, with sample checks\n  \
        statuscheck check right-to-work --demo DIR --share-code W12345678 --date-of-birth 1990-12-31\n  \
        statuscheck check --demo DIR --batch people.csv --output results.csv\n  \
        statuscheck case list --demo DIR --as organisation/employer\n  \
        statuscheck case watch --demo DIR --as organisation/employer\n  \
        statuscheck audit verify --store DIR/statuscheck.db --public-key DIR/signing.key.pub\n  \
        statuscheck serve --config /etc/statuscheck/statuscheck.toml\n\n\
        Environment:\n  \
        RUST_LOG  what is logged, e.g. statuscheck=debug. The libraries inside stay at info whatever it says: what\n            \
        they log below that may quote requests and replies, which are about people.",
    max_term_width = 100
)]
pub struct Cli {
    #[command(subcommand)]
    command: Command,
    /// How log lines are written to standard error. JSON is for machines; the default is text on a terminal.
    #[arg(long, global = true, value_enum, env = "STATUSCHECK_LOG_FORMAT")]
    log_format: Option<LogFormat>,
}

#[derive(Subcommand)]
enum Command {
    /// Starts mock departments and a gateway on this machine, asks sample checks, and stays up.
    #[cfg(feature = "demo")]
    Demo(demo::Demo),
    /// Serves a gateway until it is told to stop (SIGTERM or Ctrl-C).
    Serve(serve::Serve),
    /// Looks a configuration over without starting anything.
    #[command(subcommand)]
    Config(config::Config),
    /// Asks one check, or one for each row of a file.
    Check(Box<check::Check>),
    /// Reads and follows cases that were asked before, adds to them, disputes their answers, or ends them.
    #[command(subcommand)]
    Case(case::Case),
    /// Works on a department's open questions.
    #[command(subcommand)]
    Desk(desk::Desk),
    /// Works on people who are held back from a refusal, for the Windrush taskforce.
    #[command(subcommand)]
    Referral(referral::Referral),
    /// Shows the register of agreements and what falls due in it, and changes it.
    #[command(subcommand)]
    Register(register::Register),
    /// Finds out whether the ledger is what was recorded.
    #[command(subcommand)]
    Audit(audit::Audit),
    /// Purges what is kept no longer, and holds what must be.
    #[command(subcommand)]
    Retention(retention::Retention),
    /// Gives open cases more time.
    #[command(subcommand)]
    Due(due::Due),
    /// Shows how open cases and departments stand, and closes departments by hand.
    #[command(subcommand)]
    Ops(ops::Ops),
    /// Shows how open cases and departments stand, and goes on showing it.
    Top(top::Top),
    /// Shows webhooks that their receivers have not taken, and has parked ones tried anew.
    #[command(subcommand)]
    Hooks(hooks::Hooks),
    /// Changes the keys of a store.
    #[command(subcommand)]
    Keys(keys::Keys),
    /// Makes anew what is made from the ledger.
    #[command(subcommand)]
    Ledger(ledger::Ledger),
    /// Makes the tables of a store, looks it over, or copies it into another.
    #[command(subcommand)]
    Store(store::Store),
}

#[derive(Clone, Copy, ValueEnum)]
enum LogFormat {
    Json,
    Text,
}

impl Cli {
    /// Runs the command.
    ///
    /// # Errors
    /// What keeps the command from doing its work; a check that was answered, however, is no error.
    pub fn run(self) -> anyhow::Result<ExitCode> {
        let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
        let quiet = !matches!(self.command, Command::Serve(_));
        self.log(quiet);
        let ended = runtime.block_on(async {
            match self.command {
                #[cfg(feature = "demo")]
                Command::Demo(demo) => demo.run().await,
                Command::Serve(serve) => serve.run().await,
                Command::Config(config) => config.run().await,
                Command::Check(check) => check.run().await,
                Command::Case(case) => case.run().await,
                Command::Desk(desk) => desk.run().await,
                Command::Referral(referral) => referral.run().await,
                Command::Register(register) => register.run().await,
                Command::Audit(audit) => audit.run().await,
                Command::Retention(retention) => retention.run().await,
                Command::Due(due) => due.run().await,
                Command::Ops(ops) => ops.run().await,
                Command::Top(top) => top.run().await,
                Command::Hooks(hooks) => hooks.run().await,
                Command::Keys(keys) => keys.run().await,
                Command::Ledger(ledger) => ledger.run().await,
                Command::Store(store) => store.run().await,
            }
        });
        match ended {
            Err(error) if error.is::<NobodyReads>() => Ok(ExitCode::from(NobodyReads::EXIT_CODE)),
            ended => ended,
        }
    }

    /// Logs go to standard error. `RUST_LOG` decides what is logged; by default a server tells what it does, and a
    /// command only what went wrong.
    fn log(&self, quiet: bool) {
        let default = if quiet { "error" } else { "info" };
        let wanted = EnvFilter::try_from_default_env().unwrap_or_else(|_unset| EnvFilter::new(default));
        let filter = wanted.and(filter_fn(|line| may_be_logged(line.target(), *line.level())));
        let terminal = std::io::stderr().is_terminal();
        let format = self.log_format.unwrap_or(if terminal {
            LogFormat::Text
        } else {
            LogFormat::Json
        });
        let lines = tracing_subscriber::fmt::layer().with_writer(std::io::stderr);
        let lines = match format {
            LogFormat::Json => lines.json().boxed(),
            LogFormat::Text => lines.with_ansi(terminal).boxed(),
        };
        tracing_subscriber::registry()
            .with(lines.with_filter(filter))
            .init();
    }
}

/// Below `info`, only what this program's own crates say is logged, and those are held to say nothing about people. What
/// h2, hyper, reqwest or rustls say there is theirs to choose and changes with their versions: frames, addresses, texts
/// that quote what was received. This holds whatever `RUST_LOG` says, for a directive that names a library's module would
/// win over any cap set by name.
fn may_be_logged(target: &str, level: Level) -> bool {
    let source = target.split("::").next().unwrap_or_default();
    let is_ours = source == "statuscheck" || source.starts_with("statuscheck_");
    is_ours || level <= Level::INFO
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn libraries_are_never_logged_below_info() {
        for library in [
            "h2::codec::framed_read",
            "hyper",
            "log",
            "rustls",
            "statuscheckers",
        ] {
            assert!(may_be_logged(library, Level::INFO), "{library}");
            assert!(!may_be_logged(library, Level::DEBUG), "{library}");
            assert!(!may_be_logged(library, Level::TRACE), "{library}");
        }
        for ours in [
            "statuscheck",
            "statuscheck::listener",
            "statuscheck_adapters::stack",
        ] {
            assert!(may_be_logged(ours, Level::TRACE), "{ours}");
        }
    }
}
