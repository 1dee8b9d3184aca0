//! What the gateway tells of itself: figures, and whether it is ready; and what is made of that: alerts and a dashboard.

mod alerts;
mod dashboard;
mod exposition;
mod figures;
mod health;
mod names;
