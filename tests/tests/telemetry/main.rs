//! What the gateway tells of itself: figures, traces, and whether it is ready; and what is made of that: alerts and a dashboard.

mod alerts;
mod dashboard;
mod exposition;
mod figures;
mod health;
mod names;
mod traces;
