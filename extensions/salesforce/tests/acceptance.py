"""What a client for Salesforce has to show, and the tests that show it: a table, which `test_acceptance.py` holds true.

The lines are those of the acceptance list of the Salesforce layer. Each test is named as ``file::function``.
"""

from __future__ import annotations

from typing import Final, NamedTuple

__all__ = ("LINES", "Line")


class Line(NamedTuple):
    """A line of the list: what is to be shown, and by which tests."""

    text: str
    tests: tuple[str, ...]


LINES: Final = {
    1: Line(
        "a move of the load balancer loses nothing, and repeats nothing after deduplication",
        (
            "test_recovery::test_moves_of_the_load_balancer_lose_and_repeat_nothing",
            "test_recovery::test_a_load_balancers_cookie_that_expires_is_the_same",
        ),
    ),
    2: Line(
        "no login on 403::Unknown client",
        (
            "test_recovery::test_an_unknown_client_costs_a_handshake_and_no_login",
            "test_explaining::test_an_unknown_client_shakes_hands_again_without_a_login",
            "test_surroundings::test_a_balancers_cookie_that_gets_lost_on_the_way_is_diagnosed_once",
        ),
    ),
    3: Line(
        "one login on 401 for any number of subscriptions",
        (
            "test_recovery::test_a_dead_token_costs_one_login_for_all_channels",
            "test_recovery::test_a_dead_token_that_a_subscribe_finds_out_costs_one_login",
            "test_explaining::test_a_dead_token_is_renewed_whatever_request_shows_it",
        ),
    ),
    4: Line(
        "a 503 in ext is heeded, whatever the error says",
        (
            "test_failures::test_every_refusal_has_its_meaning_and_its_remedy",
            "test_explaining::test_a_busy_server_in_disguise_is_left_alone_for_minutes_and_costs_no_login",
            "test_refusals::test_a_busy_server_at_the_handshake_is_waited_for",
            "test_refusals::test_a_busy_server_in_disguise_costs_no_login_at_a_connect",
            "test_refusals::test_a_busy_server_at_a_subscribe_keeps_the_session",
        ),
    ),
    5: Line(
        "an expired position in a recovery follows the policy, and is reported",
        (
            "test_recovery::test_a_position_that_expires_before_a_recovery_is_replaced_and_told",
            "test_recovery::test_where_the_policy_is_to_raise_the_channel_ends_with_the_refusal",
        ),
    ),
    6: Line(
        "a connect whose answer breaks off: on from the last position handled",
        ("test_recovery::test_events_of_an_answer_that_breaks_off_come_from_the_last_one_handled",),
    ),
    7: Line(
        "a handler that blocks for five minutes: polling goes on, memory is bounded",
        ("test_load::test_a_receiver_that_blocks_for_minutes_costs_neither_the_session_nor_an_event",),
    ),
    8: Line(
        "limits are typed errors, with long backoff",
        (
            "test_explaining::test_a_limit_is_waited_for_longer_each_time",
            "test_refusals::test_a_limit_of_clients_is_waited_for",
            "test_refusals::test_a_limit_of_events_is_waited_for_and_nothing_is_lost",
            "test_refusals::test_a_limit_of_one_topic_is_waited_for_while_others_go_on",
            "test_remedies::test_a_limit_is_left_alone_for_longer",
        ),
    ),
    9: Line(
        "one bad channel stops no other",
        (
            "test_explaining::test_one_bad_channel_stops_no_other",
            "test_explaining::test_a_channel_that_goes_bad_in_a_recovery_ends_and_the_others_go_on",
            "test_refusals::test_bad_channels_stop_no_other_one",
            "test_refusals::test_channels_that_go_bad_before_a_recovery_stop_no_other_one",
        ),
    ),
    10: Line(
        "requests of 32,768 bytes at the most",
        (
            "test_load::test_requests_stay_under_the_limit",
            "test_load::test_they_do_so_by_discovery_too",
            "test_explaining::test_a_request_that_is_too_large_is_not_sent_again",
        ),
    ),
    11: Line(
        "answers of ten megabytes and more hold nothing up",
        (
            "test_load::test_an_answer_of_more_than_ten_megabytes_is_taken",
            "test_load::test_to_take_one_in_holds_nothing_up",
        ),
    ),
    12: Line(
        "secrets are in no repr and no log line",
        ("test_surroundings::test_secrets_are_in_no_log_line_no_repr_and_no_error",),
    ),
    13: Line(
        "proxy, certificate authority, client certificate and HTTP client can be one's own",
        (
            "test_surroundings::test_it_goes_through_a_proxy",
            "test_surroundings::test_it_goes_through_tls_with_an_authority_and_a_certificate_of_ones_own",
        ),
    ),
    14: Line(
        "states and happenings can be observed: handshakes, subscriptions, logins, limits, refused positions",
        ("test_surroundings::test_everything_that_happens_can_be_observed",),
    ),
    15: Line(
        "the endpoint is found anew after each login",
        (
            "test_recovery::test_the_endpoint_is_where_each_login_says",
            "test_recovery::test_an_org_that_moves_is_followed",
            "test_extension::test_it_goes_where_the_login_says_before_it_shakes_hands",
            "test_extension::test_each_login_may_say_another_place",
        ),
    ),
    16: Line(
        "a connect is waited for longer than the server holds it",
        (
            "test_load::test_a_connect_is_waited_for_longer_than_it_is_held",
            "test_load::test_one_that_is_never_answered_is_given_up_then",
            "test_extension::test_a_connect_is_waited_for_as_long_as_it_is_held_whatever_the_server_leaves_untold",
        ),
    ),
}
