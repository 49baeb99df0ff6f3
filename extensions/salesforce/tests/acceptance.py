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
            "test_recovery::test_load_balancer_moves_lose_and_repeat_no_event",
            "test_recovery::test_an_expired_load_balancer_cookie_loses_no_event",
        ),
    ),
    2: Line(
        "no login on 403::Unknown client",
        (
            "test_recovery::test_an_unknown_client_costs_a_handshake_and_no_login",
            "test_error_handling::test_an_unknown_client_handshakes_without_login",
            "test_environment::test_a_stripped_load_balancer_cookie_is_diagnosed_once",
        ),
    ),
    3: Line(
        "one login on 401 for any number of subscriptions",
        (
            "test_recovery::test_an_invalid_token_costs_one_login_for_all_channels",
            "test_recovery::test_an_invalid_token_at_a_subscribe_costs_one_login",
            "test_error_handling::test_an_invalid_token_is_renewed_after_a_refused_subscribe",
        ),
    ),
    4: Line(
        "a 503 in ext is heeded, whatever the error says",
        (
            "test_refusals::test_error_class_and_remedy_of_every_refusal",
            "test_error_handling::test_a_busy_server_behind_a_401_is_waited_for_without_login",
            "test_refused_requests::test_a_busy_server_at_the_handshake_is_waited_for",
            "test_refused_requests::test_a_busy_server_behind_a_401_costs_no_login_at_a_connect",
            "test_refused_requests::test_a_busy_server_at_a_subscribe_keeps_the_session",
        ),
    ),
    5: Line(
        "an expired position in a recovery follows the policy, and is reported",
        (
            "test_recovery::test_an_expired_position_is_replaced_and_reported",
            "test_recovery::test_an_expired_position_ends_the_channel_with_policy_raise",
        ),
    ),
    6: Line(
        "a connect whose answer breaks off: on from the last position handled",
        ("test_recovery::test_events_of_a_broken_response_are_replayed",),
    ),
    7: Line(
        "a handler that blocks for five minutes: polling goes on, memory is bounded",
        ("test_load::test_a_blocked_receiver_costs_neither_session_nor_events",),
    ),
    8: Line(
        "limits are typed errors, with long backoff",
        (
            "test_error_handling::test_the_wait_for_a_limit_grows",
            "test_refused_requests::test_a_client_limit_is_waited_for",
            "test_refused_requests::test_an_event_limit_is_waited_for_without_loss",
            "test_refused_requests::test_a_topic_limit_is_waited_for_while_others_continue",
            "test_remedies::test_waits_for_a_limit_are_longer",
        ),
    ),
    9: Line(
        "one bad channel stops no other",
        (
            "test_error_handling::test_a_refused_channel_does_not_stop_others",
            "test_error_handling::test_a_channel_refused_in_a_recovery_ends_alone",
            "test_refused_requests::test_refused_channels_do_not_stop_others",
            "test_refused_requests::test_channels_refused_in_a_recovery_do_not_stop_others",
        ),
    ),
    10: Line(
        "requests of 32,768 bytes at the most",
        (
            "test_load::test_requests_stay_below_the_size_limit",
            "test_load::test_requests_stay_below_the_size_limit_by_discovery",
            "test_error_handling::test_a_too_large_request_is_not_retried",
        ),
    ),
    11: Line(
        "answers of ten megabytes and more hold nothing up",
        (
            "test_load::test_a_response_above_ten_megabytes_is_received",
            "test_load::test_a_large_response_does_not_block_the_loop",
        ),
    ),
    12: Line(
        "secrets are in no repr and no log line",
        ("test_environment::test_logs_reprs_and_errors_contain_no_secrets",),
    ),
    13: Line(
        "proxy, certificate authority, client certificate and HTTP client can be one's own",
        (
            "test_environment::test_the_client_works_through_a_proxy",
            "test_environment::test_the_client_works_with_a_custom_ca_and_client_certificate",
        ),
    ),
    14: Line(
        "states and happenings can be observed: handshakes, subscriptions, logins, limits, refused positions",
        ("test_environment::test_states_logins_and_errors_can_be_observed",),
    ),
    15: Line(
        "the endpoint is found anew after each login",
        (
            "test_recovery::test_the_endpoint_follows_each_login",
            "test_recovery::test_the_client_follows_a_moved_org",
            "test_extension::test_the_client_moves_to_the_instance_url_before_the_handshake",
            "test_extension::test_each_login_can_move_the_client",
        ),
    ),
    16: Line(
        "a connect is waited for longer than the server holds it",
        (
            "test_load::test_the_connect_timeout_exceeds_the_hold",
            "test_load::test_an_unanswered_connect_times_out",
            "test_extension::test_the_connect_timeout_covers_the_unannounced_hold",
        ),
    ),
}
