//! One look, drawn.

use ratatui::Frame;
use ratatui::layout::{Constraint, Layout, Rect};
use ratatui::style::{Color, Modifier, Style};
use ratatui::text::{Line, Span};
use ratatui::widgets::{Block, Cell, Paragraph, Row, Table};
use statuscheck_proto::ops::v1::{DepartmentStatus, FeedStatus, HookSummary, ReferralSummary, SlaLine};
use statuscheck_proto::v1::Case;

use crate::cli::output::{kind, span, state, time};

/// What was seen.
pub(super) struct Seen {
    /// When, in seconds since 1970 by the gateway's clock.
    pub(super) now: i64,
    pub(super) lines: Vec<SlaLine>,
    pub(super) referrals: ReferralSummary,
    pub(super) hooks: HookSummary,
    /// When desks are open.
    pub(super) desks: String,
    pub(super) departments: Vec<DepartmentStatus>,
    pub(super) cases: Vec<Case>,
    /// Why what is shown is old; none where it is not.
    pub(super) trouble: Option<String>,
}

const LATE: Style = Style::new()
    .fg(Color::White)
    .bg(Color::Red)
    .add_modifier(Modifier::BOLD);
const RISK: Style = Style::new().fg(Color::Yellow).add_modifier(Modifier::BOLD);
const FINE: Style = Style::new();

pub(super) fn draw(frame: &mut Frame<'_>, seen: &Seen) {
    let departments = u16::try_from(seen.departments.len()).unwrap_or(4) + 3;
    let lines = u16::try_from(seen.lines.len()).unwrap_or(u16::MAX).clamp(1, 10) + 3;
    let rooms = Layout::vertical([
        Constraint::Length(3),
        Constraint::Length(departments),
        Constraint::Length(lines),
        Constraint::Min(3),
        Constraint::Length(1),
    ]);
    let [top, second, third, fourth, foot] = rooms.areas(frame.area());
    frame.render_widget(Paragraph::new(vec![figures(seen), referred(seen)]), top);
    draw_departments(frame, second, seen);
    draw_lines(frame, third, &seen.lines);
    draw_cases(frame, fourth, seen);
    let words = match &seen.trouble {
        Some(trouble) => Line::styled(format!("old: {trouble}"), LATE),
        None => Line::raw("q quits"),
    };
    frame.render_widget(Paragraph::new(words), foot);
}

fn sum(seen: &Seen, of: fn(&SlaLine) -> u64) -> u64 {
    seen.lines.iter().map(of).sum()
}

fn counted(name: &str, count: u64, style: Style) -> [Span<'static>; 2] {
    let style = if count > 0 { style } else { FINE };
    [
        Span::styled(format!(" {count} "), style),
        Span::raw(format!("{name}   ")),
    ]
}

fn figures(seen: &Seen) -> Line<'static> {
    let figures = [
        counted("late", sum(seen, |line| line.breached), LATE),
        counted("at risk", sum(seen, |line| line.at_risk), RISK),
        counted("within 1 h", sum(seen, |line| line.due_within_1h), RISK),
        counted("4 h", sum(seen, |line| line.due_within_4h), FINE),
        counted("24 h", sum(seen, |line| line.due_within_24h), FINE),
        counted("paused", sum(seen, |line| line.paused), FINE),
        counted("open", sum(seen, |line| line.open), FINE),
    ];
    Line::from(figures.into_iter().flatten().collect::<Vec<_>>())
}

/// Open referrals, and notices that were not taken.
fn referred(seen: &Seen) -> Line<'static> {
    let (referrals, hooks) = (&seen.referrals, &seen.hooks);
    let figures = [
        counted("referred", referrals.open, FINE),
        counted("findings late", referrals.late, LATE),
        counted("due in 24 h", referrals.due_within_24h, RISK),
        counted("notices parked", hooks.parked, LATE),
        counted("waiting", hooks.waiting, FINE),
    ];
    let oldest = referrals.oldest.map(|oldest| {
        let age = span((seen.now - oldest.seconds).max(0));
        Span::raw(format!("the oldest referral is {age} old"))
    });
    Line::from(figures.into_iter().flatten().chain(oldest).collect::<Vec<_>>())
}

fn head<const N: usize>(names: [&'static str; N]) -> Row<'static> {
    Row::new(names).style(Style::new().add_modifier(Modifier::BOLD | Modifier::UNDERLINED))
}

fn draw_departments(frame: &mut Frame<'_>, area: Rect, seen: &Seen) {
    let rows = seen.departments.iter().map(|department| {
        let (word, style) = match (
            department.closed,
            department.breaker.as_str(),
            department.reachable,
        ) {
            (true, _, _) => ("closed", RISK),
            (_, "open", _) | (_, _, false) => ("FAILING", LATE),
            (_, "half_open", _) => ("being tried", RISK),
            _ => ("well", FINE),
        };
        let latency = department.latency_p95.map(|latency| {
            format!(
                "{} ms",
                latency.seconds * 1_000 + i64::from(latency.nanos) / 1_000_000
            )
        });
        Row::new([
            Cell::new(department.department.clone()),
            Cell::new(word).style(style),
            Cell::new(format!("{:.0} %", department.error_ratio * 100.0)),
            Cell::new(latency.unwrap_or_default()),
            Cell::new(format!("{:.0} %", department.rate_used * 100.0)),
            Cell::new(department.waiting.to_string()),
            feed(&department.feeds),
            Cell::new(department.closed_reason.clone()),
        ])
    });
    let widths = [14, 12, 8, 10, 10, 9, 18].map(Constraint::Length);
    let widths = widths.into_iter().chain([Constraint::Fill(1)]);
    let table = Table::new(rows, widths)
        .header(head([
            "department",
            "",
            "failed",
            "p95",
            "rate",
            "waiting",
            "oldest feed",
            "",
        ]))
        .block(Block::bordered().title(format!(" Departments: desks {} ", seen.desks)));
    frame.render_widget(table, area);
}

/// How old the feed is that came longest ago; one that never came is older than all.
fn feed(feeds: &[FeedStatus]) -> Cell<'static> {
    let seconds = |feed: &FeedStatus| feed.age.map(|age| age.seconds);
    let Some(oldest) = feeds.iter().max_by_key(|feed| seconds(feed).unwrap_or(i64::MAX)) else {
        return Cell::default();
    };
    let words = seconds(oldest).map_or_else(|| "never came".to_owned(), span);
    let style = if feeds.iter().any(|feed| feed.late) {
        LATE
    } else {
        FINE
    };
    Cell::new(words).style(style)
}

fn draw_lines(frame: &mut Frame<'_>, area: Rect, lines: &[SlaLine]) {
    let mut lines: Vec<_> = lines.iter().collect();
    lines.sort_by_key(|line| {
        let due = line.next_due.map(|due| due.seconds);
        (std::cmp::Reverse(line.breached), due.is_none(), due)
    });
    let rows = lines.into_iter().map(|line| {
        let late = if line.breached > 0 { LATE } else { FINE };
        let risk = if line.at_risk > 0 { RISK } else { FINE };
        Row::new([
            Cell::new(line.department.clone()),
            Cell::new(line.agreement_id.clone()),
            Cell::new(line.breached.to_string()).style(late),
            Cell::new(line.at_risk.to_string()).style(risk),
            Cell::new(line.due_within_24h.to_string()),
            Cell::new(line.open.to_string()),
            Cell::new(time(line.next_due.as_ref())),
        ])
    });
    let widths = [24, 20, 7, 8, 7, 8].map(Constraint::Length);
    let widths = widths.into_iter().chain([Constraint::Fill(1)]);
    let table = Table::new(rows, widths)
        .header(head([
            "whose turn",
            "agreement",
            "late",
            "at risk",
            "24 h",
            "open",
            "next due",
        ]))
        .block(Block::bordered().title(" Whose turn it is "));
    frame.render_widget(table, area);
}

fn draw_cases(frame: &mut Frame<'_>, area: Rect, seen: &Seen) {
    let rows = seen.cases.iter().map(|case| {
        let sla = case.sla.as_ref();
        let due = sla.and_then(|sla| sla.due_at.as_ref());
        let left = due.map(|due| due.seconds - seen.now);
        let (words, style) = match left {
            _ if sla.is_some_and(|sla| sla.paused) => ("paused".to_owned(), FINE),
            Some(left) if left < 0 => (format!("late by {}", span(-left)), LATE),
            Some(left) => (span(left), FINE),
            None => (String::new(), FINE),
        };
        Row::new([
            Cell::new(words).style(style),
            Cell::new(time(due)),
            Cell::new(kind(case)),
            Cell::new(state(case)),
            Cell::new(case.case_id.clone()),
        ])
    });
    let widths = [18, 25, 15, 21].map(Constraint::Length);
    let widths = widths.into_iter().chain([Constraint::Fill(1)]);
    let table = Table::new(rows, widths)
        .header(head(["time left", "due", "check", "state", "case"]))
        .block(Block::bordered().title(" Worst first "));
    frame.render_widget(table, area);
}
