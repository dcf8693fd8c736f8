//! Drawing a look: the same for a terminal and for printed text.

use super::figures::Figures;
use super::levels::{self, Level, level};
use super::screen::{Costs, Screen};
use ratatui::backend::TestBackend;
use ratatui::buffer::Cell;
use ratatui::layout::{Constraint, Layout, Rect};
use ratatui::style::{Color, Modifier, Style};
use ratatui::text::{Line, Span};
use ratatui::widgets::{Block, Paragraph, Row, Sparkline, Table, Wrap};
use ratatui::{Frame, Terminal};

/// The look as lines of text, so many columns wide and lines high. Nothing is coloured: `!` stands
/// beside what is worth a look, `‼` beside what is critical.
pub(super) fn text(screen: &Screen, (columns, lines): (u16, u16)) -> Vec<String> {
    let Ok(mut terminal) = Terminal::new(TestBackend::new(columns, lines));
    let Ok(_) = terminal.draw(|frame| draw(frame, screen));
    let cells = terminal.backend().buffer().content().chunks(usize::from(columns).max(1));
    let line = |row: &[Cell]| row.iter().map(Cell::symbol).collect::<String>();
    cells.map(line).map(|line| line.trim_end().to_owned()).collect()
}

pub(super) fn draw(frame: &mut Frame<'_>, screen: &Screen) {
    let [title, health, top, bottom, requests, last] = Layout::vertical([
        Constraint::Length(1),
        Constraint::Length(6),
        Constraint::Length(7),
        Constraint::Length(8),
        Constraint::Length(4),
        Constraint::Min(8),
    ])
    .areas(frame.area());
    draw_title(frame, title, screen);
    draw_health(frame, health, screen);
    match &screen.figures {
        Ok(Some(figures)) => {
            draw_figures(frame, top, bottom, figures);
            draw_last(frame, last, figures, screen);
        }
        Ok(None) => draw_words(frame, top, "Metrics", "The first figures come with the next look."),
        Err(fault) => draw_words(frame, top, "Metrics", fault),
    }
    let curve =
        Sparkline::default().block(Block::bordered().title(" answers a second, over time "));
    frame.render_widget(curve.data(&screen.requests), requests);
}

fn draw_title(frame: &mut Frame<'_>, area: Rect, screen: &Screen) {
    let worst = screen.worst();
    let state = match worst {
        Level::Well => " well ",
        Level::Warning => " worth a look ",
        Level::Critical => " critical ",
    };
    let line = Line::from(vec![
        Span::styled(" ResearchFlow ", Style::new().add_modifier(Modifier::BOLD)),
        Span::raw(format!("{}  {}  ", screen.base, screen.at)),
        Span::styled(state, style(worst).add_modifier(Modifier::REVERSED)),
    ]);
    frame.render_widget(line, area);
}

fn draw_health(frame: &mut Frame<'_>, area: Rect, screen: &Screen) {
    let ready = match &screen.ready {
        Ok(ready) => ready,
        Err(fault) => return draw_words(frame, area, "Health", fault),
    };
    let rows = ready.dependencies.iter().map(|it| {
        let level = if it.state == "ok" { Level::Well } else { Level::Warning };
        let reason = it.reason.clone().unwrap_or_default();
        let latency = format!("{:.1} ms", it.latency_ms);
        Row::new([level.mark().to_owned(), it.name.clone(), it.state.clone(), latency, reason])
            .style(style(level))
    });
    let widths = [
        Constraint::Length(1),
        Constraint::Length(12),
        Constraint::Length(12),
        Constraint::Length(11),
        Constraint::Min(10),
    ];
    let title = format!(" Health: {} ", ready.status);
    frame.render_widget(Table::new(rows, widths).block(Block::bordered().title(title)), area);
}

/// A line of a panel: name and figure.
type Entry = (&'static str, String);

fn draw_figures(frame: &mut Frame<'_>, top: Rect, bottom: Rect, figures: &Figures) {
    let halves = || Layout::horizontal([Constraint::Fill(1), Constraint::Fill(1)]);
    let [left, right] = halves().areas(top);
    let [p50, p95, p99] = figures.latency.map(milliseconds);
    draw_panel(
        frame,
        left,
        "Latency",
        figures,
        &[
            ("answers", per_second(figures.requests)),
            ("under way", count(figures.in_flight)),
            ("p50", p50),
            ("p95", p95),
            (levels::P99, p99),
        ],
    );
    draw_panel(
        frame,
        right,
        "Errors",
        figures,
        &[
            (levels::SERVER_ERRORS, percent(figures.error_share)),
            ("client errors", percent(figures.client_error_share)),
            (levels::SHED, per_second(figures.shed)),
            ("refused, rate limit", per_second(figures.limited)),
            (levels::TIMEOUTS, per_second(figures.connection_timeouts)),
        ],
    );
    let [left, right] = halves().areas(bottom);
    draw_panel(
        frame,
        left,
        "Events",
        figures,
        &[
            ("events", per_second(figures.events)),
            (levels::REJECTED, per_second(figures.rejected)),
            ("PHI findings", per_second(figures.phi)),
            (levels::COMMIT, milliseconds(figures.commit)),
            (levels::LAG, count(figures.lag)),
            (levels::DEAD_LETTERS, count(figures.dead_letters)),
        ],
    );
    let connections = figures.connections;
    let connections = connections.map(|(open, busy)| format!("{busy:.0} of {open:.0} busy"));
    draw_panel(
        frame,
        right,
        "Resources",
        figures,
        &[
            ("cores", figures.cores.map_or_else(unknown, |cores| format!("{cores:.2}"))),
            (
                "memory",
                figures.memory.map_or_else(unknown, |it| format!("{:.0} MiB", it / 1048576.0)),
            ),
            ("descriptors", count(figures.descriptors)),
            (levels::CONNECTIONS, connections.unwrap_or_else(unknown)),
            (
                levels::REDIS,
                figures
                    .redis_up
                    .map_or("none", |up| if up > 0.0 { "in use" } else { "away" })
                    .to_owned(),
            ),
            ("cache hits", percent(figures.cache_hits)),
        ],
    );
}

fn draw_panel(
    frame: &mut Frame<'_>,
    area: Rect,
    title: &str,
    figures: &Figures,
    entries: &[Entry],
) {
    let rows = entries.iter().map(|(name, value)| {
        let level = level(name, figures);
        Row::new([level.mark(), name, value.as_str()]).style(style(level))
    });
    let widths = [Constraint::Length(1), Constraint::Length(20), Constraint::Min(8)];
    let block = Block::bordered().title(format!(" {title} "));
    frame.render_widget(Table::new(rows, widths).block(block), area);
}

/// The busiest routes, and what calls cost.
fn draw_last(frame: &mut Frame<'_>, area: Rect, figures: &Figures, screen: &Screen) {
    let costs_take = if screen.costs.is_some() { 45 } else { 0 };
    let [left, right] =
        Layout::horizontal([Constraint::Fill(1), Constraint::Length(costs_take)]).areas(area);
    let rows = figures.routes.iter().map(|route| {
        let [p50, _, p99] = route.latency.map(milliseconds);
        Row::new([route.pattern.clone(), per_second(Some(route.requests)), p50, p99])
    });
    let widths =
        [Constraint::Min(20), Constraint::Length(10), Constraint::Length(9), Constraint::Length(9)];
    let table = Table::new(rows, widths).header(Row::new(["", "answers", "p50", "p99"]));
    frame.render_widget(table.block(Block::bordered().title(" Routes ")), left);
    match &screen.costs {
        Some(Ok(costs)) => draw_costs(frame, right, costs),
        Some(Err(fault)) => draw_words(frame, right, "Costs", fault),
        None => {}
    }
}

fn draw_costs(frame: &mut Frame<'_>, area: Rect, costs: &Costs) {
    let total = ("in all".to_owned(), &costs.total);
    let lines = costs.items.iter().map(|it| (it.key.clone().unwrap_or_else(unknown), it));
    let rows = [total].into_iter().chain(lines).map(|(name, line)| {
        Row::new([name, line.invocations.to_string(), format!("{} USD", line.cost_usd)])
    });
    let widths = [Constraint::Min(14), Constraint::Length(9), Constraint::Length(16)];
    let table = Table::new(rows, widths).header(Row::new(["", "calls", "cost"]));
    frame.render_widget(table.block(Block::bordered().title(" Costs ")), area);
}

fn draw_words(frame: &mut Frame<'_>, area: Rect, title: &str, words: &str) {
    let block = Block::bordered().title(format!(" {title} "));
    frame.render_widget(Paragraph::new(words).wrap(Wrap { trim: true }).block(block), area);
}

fn style(level: Level) -> Style {
    match level {
        Level::Well => Style::new(),
        Level::Warning => Style::new().fg(Color::Yellow),
        Level::Critical => Style::new().fg(Color::Red),
    }
}

fn unknown() -> String {
    "–".to_owned()
}

fn per_second(rate: Option<f64>) -> String {
    rate.map_or_else(unknown, |rate| format!("{rate:.1}/s"))
}

fn count(count: Option<f64>) -> String {
    count.map_or_else(unknown, |count| format!("{count:.0}"))
}

fn percent(share: Option<f64>) -> String {
    share.map_or_else(unknown, |share| format!("{:.2} %", share * 100.0))
}

/// An upper bound, as a histogram tells it.
fn milliseconds(seconds: Option<f64>) -> String {
    match seconds {
        Some(seconds) if seconds.is_finite() => format!("≤ {} ms", seconds * 1000.0),
        Some(_) => "> 10 s".to_owned(),
        None => unknown(),
    }
}
