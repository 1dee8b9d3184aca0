//! How well a classifier tells two kinds of observation apart.

/// How often an observation of one kind is above one of the other, ties counted half (Mann and Whitney): the area under the curve of a
/// classifier by this value alone, in whichever direction it is better. 0.5 where nothing tells them apart, 1 where all does.
///
/// # Panics
/// There is none of a kind, or one is not a number.
pub fn area(ones: &[f64], others: &[f64]) -> f64 {
    assert!(!ones.is_empty() && !others.is_empty(), "two kinds");
    let mut all: Vec<(f64, bool)> = Vec::with_capacity(ones.len() + others.len());
    all.extend(ones.iter().map(|value| (*value, true)));
    all.extend(others.iter().map(|value| (*value, false)));
    all.sort_unstable_by(|one, other| one.0.partial_cmp(&other.0).expect("numbers"));
    let mut ranks = 0.0;
    let mut before = 0;
    for tied in all.chunk_by(|one, other| one.0.total_cmp(&other.0).is_eq()) {
        let rank = count(before) + (count(tied.len()) + 1.0) / 2.0;
        ranks += rank * count(tied.iter().filter(|(_, is_one)| *is_one).count());
        before += tied.len();
    }
    let (ones, others) = (count(ones.len()), count(others.len()));
    let area = (ranks - ones * (ones + 1.0) / 2.0) / (ones * others);
    area.max(1.0 - area)
}

/// Steps by which a classifier is fitted, and how far each goes. Both are many times what a few features need.
const STEPS: usize = 500;
const PACE: f64 = 0.5;

/// The area under the curve of a logistic classifier by all `N` values together, with their squares and products: fitted to every
/// second observation, and judged by the others.
///
/// # Panics
/// There are fewer than two of a kind, or one is not a number.
pub fn area_of_all<const N: usize>(ones: &[[f64; N]], others: &[[f64; N]]) -> f64 {
    let every_second = |all: &[[f64; N]], first: usize| -> Vec<Vec<f64>> {
        let half = all.iter().skip(first).step_by(2);
        half.map(|values| with_products(values)).collect()
    };
    let (fit_ones, fit_others) = (every_second(ones, 0), every_second(others, 0));
    let scale = Scale::of(fit_ones.iter().chain(&fit_others));
    let weights = fitted(&scale.all(&fit_ones), &scale.all(&fit_others));
    let scores = |half: &[Vec<f64>]| -> Vec<f64> {
        let scaled = scale.all(half);
        scaled.iter().map(|values| score(&weights, values)).collect()
    };
    area(&scores(&every_second(ones, 1)), &scores(&every_second(others, 1)))
}

fn with_products(values: &[f64]) -> Vec<f64> {
    let mut all = values.to_vec();
    for (place, one) in values.iter().enumerate() {
        all.extend(values[place..].iter().map(|other| one * other));
    }
    all
}

/// Mean and spread of each value, so that all count alike.
struct Scale(Vec<(f64, f64)>);

impl Scale {
    fn of<'a>(all: impl Iterator<Item = &'a Vec<f64>> + Clone) -> Self {
        let width = all.clone().next().map_or(0, Vec::len);
        let mean = |of: &dyn Fn(&Vec<f64>) -> f64| {
            let (sum, count) = all
                .clone()
                .fold((0.0, 0.0), |(sum, count), values| (sum + of(values), count + 1.0));
            sum / count
        };
        let scale = (0..width).map(|place| {
            let middle = mean(&|values| values[place]);
            let spread = mean(&|values| (values[place] - middle).powi(2)).sqrt();
            (middle, spread)
        });
        Self(scale.collect())
    }

    fn all(&self, half: &[Vec<f64>]) -> Vec<Vec<f64>> {
        let scaled = |values: &Vec<f64>| {
            let places = values.iter().zip(&self.0);
            // What is the same everywhere says nothing.
            let scaled = places.map(|(value, (middle, spread))| {
                if *spread > f64::EPSILON * middle.abs().max(1.0) {
                    (value - middle) / spread
                } else {
                    0.0
                }
            });
            scaled.collect()
        };
        half.iter().map(scaled).collect()
    }
}

/// The weights of a logistic classifier, the last that of no value.
fn fitted(ones: &[Vec<f64>], others: &[Vec<f64>]) -> Vec<f64> {
    let width = ones.first().map_or(0, Vec::len);
    let mut weights = vec![0.0; width + 1];
    let total = count(ones.len() + others.len());
    for _ in 0..STEPS {
        let mut slope = vec![0.0; width + 1];
        let ones = ones.iter().map(|values| (values, 1.0));
        let others = others.iter().map(|values| (values, 0.0));
        for (values, is_one) in ones.chain(others) {
            let miss = 1.0 / (1.0 + (-score(&weights, values)).exp()) - is_one;
            for (slope, value) in slope.iter_mut().zip(values.iter().chain([&1.0])) {
                *slope += miss * value;
            }
        }
        for (weight, slope) in weights.iter_mut().zip(slope) {
            *weight -= PACE * slope / total;
        }
    }
    weights
}

fn score(weights: &[f64], values: &[f64]) -> f64 {
    let products = weights.iter().zip(values.iter().chain([&1.0]));
    products.map(|(weight, value)| weight * value).sum()
}

fn count(of: usize) -> f64 {
    f64::from(u32::try_from(of).expect("few enough to count"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn near(one: f64, other: f64) -> bool {
        (one - other).abs() < 1e-9
    }

    #[test]
    fn what_is_the_same_is_a_half_and_what_never_overlaps_is_one() {
        assert!(near(area(&[1.0, 2.0, 3.0], &[1.0, 2.0, 3.0]), 0.5));
        assert!(near(area(&[7.0; 5], &[7.0; 9]), 0.5));
        assert!(near(area(&[1.0, 2.0], &[3.0, 4.0]), 1.0));
        assert!(near(area(&[3.0, 4.0], &[1.0, 2.0]), 1.0));
        assert!(near(area(&[1.0, 3.0], &[2.0, 3.0]), 0.625));
    }

    /// Numbers that repeat no pattern, from 0 to 1.
    fn spread(from: u32) -> impl Iterator<Item = f64> {
        (from..from + 2_000).map(|n| f64::from(n.wrapping_mul(2_654_435_761)) / f64::from(u32::MAX))
    }

    #[test]
    fn all_together_tell_what_each_alone_does_not() {
        // One kind has its values alike, the other has not: neither value alone says anything.
        let ones: Vec<_> = spread(1).map(|value| [value, value]).collect();
        let others: Vec<_> = spread(1).map(|value| [value, 1.0 - value]).collect();
        let of = |all: &[[f64; 2]]| all.iter().map(|values| values[1]).collect::<Vec<_>>();
        assert!(area(&of(&ones), &of(&others)) < 0.55);
        assert!(area_of_all(&ones, &others) > 0.9);
    }

    #[test]
    fn two_draws_of_one_kind_are_not_told_apart() {
        let ones: Vec<_> = spread(1)
            .zip(spread(9_000))
            .map(|(one, other)| [one, other])
            .collect();
        let others: Vec<_> = spread(20_000)
            .zip(spread(40_000))
            .map(|(one, other)| [one, other])
            .collect();
        assert!(area_of_all(&ones, &others) < 0.55);
    }
}
