//! Callers who ask whichever gateway there is, and now and then several with the same request at once.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use rand::rngs::ChaCha8Rng;
use rand::{RngExt as _, SeedableRng as _};
use statuscheck_proto::v1::{CheckRequest, CheckResponse};
use tokio::task::JoinSet;
use tokio::time::{interval, timeout};
use tonic_types::StatusExt as _;

use super::members::{Door, Doors};
use crate::crash::holds::people;
use crate::crash::journal::{Asked, Finding, Journal, Kind};
use crate::crash::load::{CALLERS, checks, draw};
use crate::house::{GLANCE, PATIENCE};

/// How long a caller waits for one gateway before it asks another: several times what a check takes, so that a gateway that
/// is stopped does not stop its callers.
const CALL_MAX: Duration = Duration::from_millis(500);

/// People who are held back and referred: as many as there are checks about others, whose questions are to spend the quota.
pub(super) const HELD: u32 = 24;

/// Callers at work.
pub(super) struct Load {
    callers: JoinSet<()>,
    is_over: Arc<AtomicBool>,
    findings: Arc<Mutex<Vec<Finding>>>,
}

/// Sets callers to work, until they are told to end.
pub(super) fn press(doors: Doors, journal: &Arc<Journal>, dice: &mut ChaCha8Rng) -> Load {
    let checks: Arc<[_]> = checks().into_iter().chain(people::checks(HELD)).collect();
    let is_over = Arc::<AtomicBool>::default();
    let findings = Arc::<Mutex<Vec<Finding>>>::default();
    let mut callers = JoinSet::new();
    for _caller in 0..CALLERS {
        let (checks, journal, doors) = (Arc::clone(&checks), Arc::clone(journal), doors.clone());
        let (is_over, findings) = (Arc::clone(&is_over), Arc::clone(&findings));
        let mut dice = ChaCha8Rng::seed_from_u64(dice.random());
        callers.spawn(async move {
            let mut glances = interval(GLANCE);
            while !is_over.load(Ordering::Acquire) {
                let (place, asked) = draw(&checks, &journal, &mut dice);
                let several = dice.random_ratio(1, 5);
                let doors = doors.now();
                let first = dice.random_range(0..doors.len());
                let here = if several { doors.len() } else { 1 };
                let mut chosen: Vec<Door> = (0..here)
                    .map(|next| doors[(first + next) % doors.len()].clone())
                    .collect();
                // One that is not answered asks another, most of the time.
                let mut again = dice.random_ratio(3, 4);
                loop {
                    let told = ask(&chosen, &asked).await;
                    let is_answered = told.iter().any(Result::is_ok);
                    for told in told {
                        let finding = match told {
                            Ok(response) => journal.tell(place, asked.told.as_ref(), response),
                            Err(finding) => finding,
                        };
                        findings.lock().expect("nobody panics with it").extend(finding);
                    }
                    if is_answered || !again {
                        break;
                    }
                    again = false;
                    chosen = vec![doors[(first + 1) % doors.len()].clone()];
                    glances.tick().await;
                }
            }
        });
    }
    Load {
        callers,
        is_over,
        findings,
    }
}

/// Asks all of them at once.
async fn ask(doors: &[Door], asked: &Asked) -> Vec<Result<CheckResponse, Option<Finding>>> {
    let mut calls = JoinSet::new();
    for door in doors {
        let client = door.iter().find(|(who, _)| *who == asked.who);
        let mut client = client.expect("every caller has a client").1.clone();
        let request = asked.request.clone();
        calls.spawn(async move {
            match timeout(CALL_MAX, client.check(request.clone())).await {
                Ok(Ok(response)) => Ok(response.into_inner()),
                Ok(Err(status)) => Err(fault(&request, &status)),
                Err(_stopped) => Err(None),
            }
        });
    }
    calls.join_all().await
}

/// A gateway that is gone says nothing, and one whose chain was taken or whose connection is lost that it cannot record.
fn fault(request: &CheckRequest, status: &tonic::Status) -> Option<Finding> {
    let said = status.get_error_details().error_info()?.reason.clone();
    let is_expected = ["CANNOT_RECORD", "BUSY"].contains(&said.as_str());
    (!is_expected).then(|| {
        let what = format!("{:?} {said}", status.code());
        Finding::new(Kind::Fault, &request.request_id, what)
    })
}

impl Load {
    /// Waits until `condition` holds.
    pub(super) async fn until(&mut self, condition: impl Fn() -> bool) {
        let waiting = async {
            let mut glances = interval(GLANCE);
            while !condition() {
                glances.tick().await;
            }
        };
        timeout(PATIENCE, waiting).await.expect("the load goes on");
    }

    /// Lets every caller end what it is at; what they met meanwhile.
    pub(super) async fn end(mut self) -> Vec<Finding> {
        self.is_over.store(true, Ordering::Release);
        while let Some(ended) = self.callers.join_next().await {
            ended.expect("no caller panics");
        }
        std::mem::take(&mut *self.findings.lock().expect("nobody panics with it"))
    }
}
