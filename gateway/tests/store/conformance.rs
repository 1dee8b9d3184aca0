//! What every engine must do. An engine's own tests call `conformance!` with a fresh place to keep cases in.

use std::sync::Arc;

use statuscheck::store::upkeep::Upkeep;

#[path = "conformance/cases.rs"]
mod cases;
#[path = "conformance/dues.rs"]
pub(crate) mod dues;
#[path = "conformance/feed.rs"]
mod feed;
#[path = "conformance/following.rs"]
mod following;
#[path = "conformance/hooks.rs"]
pub(crate) mod hooks;
#[path = "conformance/house.rs"]
mod house;
#[path = "conformance/lapses.rs"]
mod lapses;
#[path = "conformance/measures.rs"]
mod measures;
#[path = "conformance/quotas.rs"]
mod quotas;
#[path = "conformance/referrals.rs"]
mod referrals;
#[path = "conformance/standings.rs"]
mod standings;
#[path = "conformance/worklists.rs"]
mod worklists;

pub(crate) use crate::callers::what_callers_do_moves_cases_from_state_to_state;
pub(crate) use cases::*;
pub(crate) use dues::*;
pub(crate) use feed::*;
pub(crate) use following::*;
pub(crate) use hooks::{
    a_case_is_due_when_somebody_is_to_be_told_of_it, a_notice_is_listed_until_its_receiver_has_taken_it,
    callers_are_told_of_no_notice, notices_are_listed_oldest_first_and_page_without_gaps,
    the_notices_of_a_purged_case_are_gone,
};
pub(crate) use house::*;
pub(crate) use lapses::*;
pub(crate) use measures::*;
pub(crate) use quotas::*;
pub(crate) use referrals::*;
pub(crate) use standings::*;
pub(crate) use worklists::*;

/// A place to keep cases in that outlives the stores opened on it.
pub(crate) trait Place {
    async fn open(&self) -> Arc<dyn Upkeep>;
}

macro_rules! conformance {
    ($place:expr) => {
        $crate::conformance::conformance! { $place;
            what_was_recorded_is_there_after_opening_anew,
            a_request_is_known_by_its_organisation_and_content_once_it_is_received,
            a_hundred_receipts_of_one_request_make_one_case,
            the_same_request_with_other_content_is_told_apart,
            two_organisations_may_use_one_request_id,
            a_stale_change_is_refused_and_records_nothing,
            of_many_changes_to_one_version_one_is_recorded,
            a_change_that_is_none_is_refused,
            pages_have_no_gaps_and_no_repeats_while_cases_are_added,
            cases_are_found_by_their_state,
            every_history_folds_as_it_was_committed,
            what_an_operator_did_is_recorded_beside_the_cases,
            what_an_operator_did_is_read_back_newest_first,
            of_entries_that_must_be_next_of_their_kind_one_is_recorded,
            open_cases_are_counted_by_their_agreements,
            open_cases_are_listed_whosever_they_are_oldest_first,
            a_purged_case_is_gone_and_the_others_are_not,
            a_case_is_purged_at_its_version_only,
            what_callers_do_moves_cases_from_state_to_state,
            a_closed_store_takes_nothing_and_says_so,
            nothing_is_due_before_its_time,
            a_leased_case_is_nobody_else_s_until_it_is_released,
            a_change_ends_the_lease_and_moves_the_wake_time,
            what_is_due_longest_comes_first_and_no_more_than_was_asked_for,
            a_thousand_due_cases_are_leased_in_batches_and_each_once,
            a_case_that_was_left_undecided_is_found_after_a_while,
            leases_end_with_their_holder,
            a_purged_case_is_never_due,
            a_case_is_due_when_its_caller_was_silent_for_too_long,
            a_quota_is_exact_over_parallel_checks_and_reopenings,
            what_is_set_aside_and_not_used_is_given_back,
            a_question_that_was_not_sent_is_given_back,
            what_is_refused_uses_nothing,
            every_agreement_department_and_month_has_a_quota_of_its_own,
            what_a_purged_case_used_stays_used,
            the_feed_tells_of_every_step_in_order,
            followers_miss_nothing_while_many_record,
            a_signal_comes_after_whatever_is_recorded,
            the_feed_of_an_organisation_has_its_own_cases_alone,
            a_follower_may_begin_now_and_never_beyond_the_end,
            a_history_says_where_every_event_stands,
            callers_are_told_of_every_event_in_order_and_of_none_twice,
            callers_are_told_of_nothing_of_others_and_nothing_that_was_purged,
            a_caller_that_takes_its_time_is_read_ahead_for_by_a_page_at_most,
            no_more_follow_than_there_may_be,
            a_check_that_is_answered_at_once_is_on_no_worklist,
            a_question_that_is_left_open_is_on_its_department_s_worklist_alone,
            a_question_that_is_settled_needs_no_reply_and_is_still_found,
            a_worklist_has_the_most_urgent_first_and_pages_without_gaps,
            the_questions_of_a_purged_case_are_gone,
            a_notice_is_listed_until_its_receiver_has_taken_it,
            notices_are_listed_oldest_first_and_page_without_gaps,
            the_notices_of_a_purged_case_are_gone,
            a_case_is_due_when_somebody_is_to_be_told_of_it,
            callers_are_told_of_no_notice,
            figures_as_of_a_time_stay_whatever_becomes_of_the_cases,
            courses_are_told_of_once_page_for_page,
            open_cases_are_listed_most_urgent_first_as_their_histories_say,
            open_cases_are_listed_by_the_department_that_is_waited_for,
            open_cases_are_counted_each_in_one_line,
            a_case_is_in_the_line_of_whoever_has_the_turn_until_it_is_over,
            a_purged_case_stands_nowhere,
            a_referral_is_found_by_its_id_and_by_where_it_stands,
            a_referred_person_is_found_again_and_nobody_who_was_not_referred,
            cases_that_joined_a_referral_are_found_until_they_are_released,
            a_case_is_not_purged_while_its_referral_is_open_or_its_confirmation_remembered,
            whoever_looked_for_a_person_before_another_case_referred_them_records_nothing,
            of_many_that_look_for_a_person_at_once_one_refers_them,
        }
    };
    ($place:expr; $($law:ident,)*) => {
        $(#[tokio::test]
        async fn $law() {
            $crate::conformance::$law(&$place).await;
        })*
    };
}
pub(crate) use conformance;
