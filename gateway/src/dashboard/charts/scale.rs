//! Scales of drawings: counts by their size, lengths of time by how many times as long they are.

/// Lengths of time that have a mark, in seconds: from what a processor takes to what a person waits.
const LENGTHS: [(f64, &str); 10] = [
    (0.001, "1 ms"),
    (0.01, "10 ms"),
    (0.1, "100 ms"),
    (1.0, "1 s"),
    (10.0, "10 s"),
    (60.0, "1 min"),
    (3_600.0, "1 h"),
    (86_400.0, "1 d"),
    (864_000.0, "10 d"),
    (8_640_000.0, "100 d"),
];

/// How high something stands.
#[derive(Clone, Copy, PartialEq, Debug)]
pub(in crate::dashboard) enum Scale {
    /// From nothing to so many.
    Counts(f64),
    /// Between two of the lengths that have a mark, each step of which is as high as the others.
    Lengths {
        /// The place of the lowest.
        from: usize,
        /// The place of the highest.
        to: usize,
    },
}

impl Scale {
    /// For counts of which the largest is that.
    pub(in crate::dashboard) fn counts(largest: f64) -> Self {
        let power = 10_f64.powf(largest.max(1.0).log10().floor());
        let round = [1.0, 2.0, 4.0, 10.0].map(|step| step * power);
        Self::Counts(
            round
                .into_iter()
                .find(|round| *round >= largest)
                .unwrap_or(largest),
        )
    }

    /// For lengths of time of which the shortest and the longest are that, in seconds.
    pub(in crate::dashboard) fn lengths(shortest: f64, longest: f64) -> Self {
        let last = LENGTHS.len() - 1;
        let from = LENGTHS.iter().rposition(|(length, _)| *length <= shortest);
        let from = from.unwrap_or(0).min(last - 1);
        let to = LENGTHS.iter().position(|(length, _)| *length >= longest);
        Self::Lengths {
            from,
            to: to.unwrap_or(last).max(from + 1),
        }
    }

    /// From 0, the lowest, to 1.
    pub(in crate::dashboard) fn height(&self, value: f64) -> f64 {
        match *self {
            Self::Counts(largest) => (value / largest).clamp(0.0, 1.0),
            Self::Lengths { from, to } => {
                let steps = LENGTHS[from..=to].windows(2);
                let climbed: f64 = steps
                    .map(|step| {
                        let (low, high) = (step[0].0.ln(), step[1].0.ln());
                        ((value.max(f64::MIN_POSITIVE).ln() - low) / (high - low)).clamp(0.0, 1.0)
                    })
                    .sum();
                climbed / LENGTHS[from..=to].windows(2).map(|_| 1.0).sum::<f64>()
            }
        }
    }

    /// What has a mark: how high it stands, and its words.
    pub(super) fn marks(&self) -> Vec<(f64, String)> {
        match *self {
            Self::Counts(largest) => [0.0, 0.5, 1.0]
                .into_iter()
                .filter(|part| (largest * part).fract() == 0.0)
                .map(|part| (part, format!("{:.0}", largest * part)))
                .collect(),
            Self::Lengths { from, to } => LENGTHS[from..=to]
                .iter()
                .map(|(length, words)| (self.height(*length), (*words).to_owned()))
                .collect(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_stand_as_high_as_they_are_large_below_a_round_number() {
        for (largest, round) in [
            (0.0, 1.0),
            (1.0, 1.0),
            (3.0, 4.0),
            (41.0, 100.0),
            (1_999.0, 2_000.0),
        ] {
            assert_eq!(Scale::counts(largest), Scale::Counts(round), "{largest}");
        }
        let scale = Scale::counts(40.0);
        assert_eq!(
            [0.0, 10.0, 40.0].map(|count| scale.height(count)),
            [0.0, 0.25, 1.0]
        );
        let marks: Vec<_> = scale.marks().into_iter().map(|(_, words)| words).collect();
        assert_eq!(marks, ["0", "20", "40"]);
    }

    #[test]
    fn lengths_of_time_stand_between_the_marks_around_them() {
        let scale = Scale::lengths(0.004, 172_800.0);
        let marks = scale.marks();
        assert_eq!(
            marks.first().map(|(at, words)| (*at, words.as_str())),
            Some((0.0, "1 ms"))
        );
        assert_eq!(
            marks.last().map(|(at, words)| (*at, words.as_str())),
            Some((1.0, "10 d"))
        );
        assert!(marks.windows(2).all(|pair| pair[0].0 < pair[1].0));
        // A day lies on its mark; what is out of reach on the nearest.
        let day = marks.iter().find(|(_, words)| words == "1 d");
        assert_eq!(day.map(|(at, _)| *at), Some(scale.height(86_400.0)));
        assert_eq!([0.0, 1e9].map(|length| scale.height(length)), [0.0, 1.0]);
    }

    #[test]
    fn a_scale_of_lengths_has_two_marks_at_the_least() {
        for (shortest, longest) in [(1.0, 1.0), (0.0, 0.0), (1e9, 1e9)] {
            assert!(Scale::lengths(shortest, longest).marks().len() >= 2);
        }
    }
}
