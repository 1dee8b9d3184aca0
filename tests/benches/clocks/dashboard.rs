//! The dashboard over many open cases: how soon a page is there, and what ten that are open cost the checks.

use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context as _, ensure};
use tokio::sync::mpsc;
use tokio::task::JoinSet;

use crate::Plan;
use crate::checks::{A_SECOND, Callers};
use crate::figures::{compare, head, line, milliseconds, pass, percentile};
use crate::served::Served;

/// Gateways of which the very first page is looked at.
const STARTS: usize = 5;

/// Looks at each view of a gateway that runs.
const LOOKS: usize = 20;

/// Longer than what was made of a view is shown again.
const STALE: Duration = Duration::from_millis(1_100);

/// Dashboards that are open at once, each with its updates.
const OPEN: usize = 10;

/// How long checks are measured with and without them each time: of four thousand, forty are above the p99, so that one that the
/// machine held up moves it by little.
const TURN: Duration = Duration::from_secs(20);

const ROUNDS: usize = 6;

/// Views that the navigation has no link to: the first, and one of a case.
struct Views {
    paths: Vec<String>,
}

/// Measures and prints.
pub(crate) async fn measure(plan: &Plan) -> anyhow::Result<()> {
    let cases = plan.fixture.cases;
    head(&format!(
        "A page of the dashboard over {cases} open cases, TLS handshake included"
    ));
    let mut first = Vec::new();
    let mut served = None;
    for _ in 0..STARTS {
        if let Some(before) = served.take() {
            Served::stop(before).await?;
        }
        let next = Served::start(&plan.gateway, plan.fixture.copy()?).await?;
        first.push(look(&next, "").await?.0);
        served = Some(next);
    }
    let served = Arc::new(served.context("a gateway was started")?);
    line("the first page of a gateway that has just started", &first);
    let views = Views::of(&served).await?;
    let mut all = first;
    for path in &views.paths {
        let mut times = Vec::new();
        for _ in 0..LOOKS {
            pass(STALE).await;
            times.push(look(&served, path).await?.0);
        }
        let shown = path.split('/').next().unwrap_or_default();
        line(&format!("/{shown}, made anew"), &times);
        all.extend(times);
    }
    println!(
        "  at most {:.0} ms of all (target: under 200 ms)",
        milliseconds(percentile(&all, 100))
    );
    beside_open_pages(plan, &served, &views).await?;
    Arc::into_inner(served).context("nobody uses it")?.stop().await
}

async fn beside_open_pages(plan: &Plan, served: &Arc<Served>, views: &Views) -> anyhow::Result<()> {
    let callers = Callers::of(served).await?;
    let (mut without, mut with) = (Vec::new(), Vec::new());
    let mut updates = 0;
    for _ in 0..plan.rounds.unwrap_or(ROUNDS) {
        without.push(callers.within(TURN).await?);
        let mut pages = JoinSet::new();
        let (open, mut opened) = mpsc::channel(OPEN);
        for path in views.paths.iter().cycle().take(OPEN) {
            pages.spawn(follow(Arc::clone(served), path.clone(), open.clone()));
        }
        drop(open);
        let mut count = 0;
        while count < OPEN && opened.recv().await.is_some() {
            count += 1;
        }
        with.push(callers.within(TURN).await?);
        pages.abort_all();
        while let Some(page) = pages.join_next().await {
            // A page that ended by itself has failed.
            if let Ok(ended) = page {
                ended?;
            }
        }
        updates += 1;
        // Connections that were cut off are tidied away.
        pass(Duration::from_secs(1)).await;
    }
    head(&format!(
        "{A_SECOND} checks a second, and {OPEN} dashboards open with their updates, {updates} rounds"
    ));
    line("checks with no dashboard open", &without.concat());
    line("checks with ten open", &with.concat());
    compare(
        "p99 of checks with ten open to that with none",
        &with,
        &without,
        "at most 1.1",
    );
    Ok(())
}

impl Views {
    /// Those that the first page leads to.
    async fn of(served: &Served) -> anyhow::Result<Self> {
        let (_, first) = look(served, "").await?;
        let links = first
            .split("href=\"/")
            .skip(1)
            .filter_map(|rest| rest.split('"').next());
        let mut paths = vec![String::new()];
        for link in links {
            // Of all cases one is enough; files are no views.
            let is_case = link.starts_with("cases/");
            let is_known = |known: &String| *known == link || (is_case && known.starts_with("cases/"));
            if !link.starts_with("assets/") && !paths.iter().any(is_known) {
                paths.push(link.to_owned());
            }
        }
        ensure!(
            paths.iter().any(|path| path == "ledger") && paths.iter().any(|path| path.starts_with("cases/")),
            "the first page leads to the views: {paths:?}"
        );
        Ok(Self { paths })
    }
}

/// From the connection to the end of the page, and the page.
async fn look(served: &Served, path: &str) -> anyhow::Result<(Duration, String)> {
    let browser = served.browser()?;
    let began = served.clock.elapsed();
    let page = browser.get(format!("{}{path}", served.dashboard)).send().await?;
    let status = page.status();
    let text = page.text().await?;
    let took = served.clock.elapsed().saturating_sub(began);
    ensure!(status == 200, "/{path} is shown, and not {status}");
    Ok((took, text))
}

/// A page that stays open: it is looked at, says so, and then is updated for ever.
async fn follow(served: Arc<Served>, path: String, opened: mpsc::Sender<()>) -> anyhow::Result<()> {
    look(&served, &path).await?;
    let view = if path.is_empty() { "now" } else { &path };
    let updates = format!("{}live/{view}", served.dashboard);
    let mut updates = served.browser()?.get(updates).send().await?;
    if updates.status() == 404 {
        // A form, which is not updated: its page is open all the same.
        opened.send(()).await?;
        return std::future::pending().await;
    }
    ensure!(updates.status() == 200, "/{path} is updated");
    opened.send(()).await?;
    while updates.chunk().await?.is_some() {}
    ensure!(false, "the updates of /{path} have ended");
    Ok(())
}
