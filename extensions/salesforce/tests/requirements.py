"""Requirements of a Salesforce client, and the tests that show each; `test_requirements.py` checks the table.

The numbers are those of the acceptance list of the Salesforce layer. Each test is named as ``file::function``.
"""

from __future__ import annotations

from typing import Final, NamedTuple

__all__ = ("REQUIREMENTS", "Requirement")


class Requirement(NamedTuple):
    """A requirement and the tests that show it."""

    text: str
    tests: tuple[str, ...]


REQUIREMENTS: Final = {
    1: Requirement(
        "a move of the load balancer loses nothing, and repeats nothing after deduplication",
        (
            "test_recovery::test_load_balancer_moves_lose_and_repeat_no_event",
            "test_recovery::test_an_expired_load_balancer_cookie_loses_no_event",
        ),
    ),
    2: Requirement(
        "no login on 403::Unknown client",
        (
            "test_recovery::test_an_unknown_client_costs_a_handshake_and_no_login",
            "test_error_handling::test_an_unknown_client_handshakes_without_login",
            "test_environment::test_a_stripped_load_balancer_cookie_is_diagnosed_once",
        ),
    ),
    3: Requirement(
        "one login on 401 for any number of subscriptions",
        (
            "test_recovery::test_an_invalid_token_costs_one_login_for_all_channels",
            "test_recovery::test_an_invalid_token_at_a_subscribe_costs_one_login",
            "test_error_handling::test_an_invalid_token_is_renewed_after_a_refused_subscribe",
        ),
    ),
    4: Requirement(
        "a 503 in ext takes precedence over the error",
        (
            "test_refusals::test_error_class_and_remedy_of_every_refusal",
            "test_error_handling::test_a_busy_server_behind_a_401_is_waited_for_without_login",
            "test_refused_requests::test_a_busy_server_at_the_handshake_is_waited_for",
            "test_refused_requests::test_a_busy_server_behind_a_401_costs_no_login_at_a_connect",
            "test_refused_requests::test_a_busy_server_at_a_subscribe_keeps_the_session",
        ),
    ),
    5: Requirement(
        "an expired position in a recovery follows the policy, and is reported",
        (
            "test_recovery::test_an_expired_position_is_replaced_and_reported",
            "test_recovery::test_an_expired_position_ends_the_channel_with_policy_raise",
        ),
    ),
    6: Requirement(
        "after a broken response events continue from the last position handled",
        ("test_recovery::test_events_of_a_broken_response_are_replayed",),
    ),
    7: Requirement(
        "while a handler blocks for five minutes, polling continues and memory is bounded",
        ("test_load::test_a_blocked_receiver_costs_neither_session_nor_events",),
    ),
    8: Requirement(
        "limits are typed errors, with long backoff",
        (
            "test_error_handling::test_the_wait_for_a_limit_grows",
            "test_refused_requests::test_a_client_limit_is_waited_for",
            "test_refused_requests::test_an_event_limit_is_waited_for_without_loss",
            "test_refused_requests::test_a_topic_limit_is_waited_for_while_others_continue",
            "test_remedies::test_waits_for_a_limit_are_longer",
        ),
    ),
    9: Requirement(
        "a refused channel does not stop others",
        (
            "test_error_handling::test_a_refused_channel_does_not_stop_others",
            "test_error_handling::test_a_channel_refused_in_a_recovery_ends_alone",
            "test_refused_requests::test_refused_channels_do_not_stop_others",
            "test_refused_requests::test_channels_refused_in_a_recovery_do_not_stop_others",
        ),
    ),
    10: Requirement(
        "requests have at most 32,768 bytes",
        (
            "test_load::test_requests_stay_below_the_size_limit",
            "test_load::test_requests_stay_below_the_size_limit_by_discovery",
            "test_error_handling::test_a_too_large_request_is_not_retried",
        ),
    ),
    11: Requirement(
        "responses of ten megabytes and more do not block the loop",
        (
            "test_load::test_a_response_above_ten_megabytes_is_received",
            "test_load::test_a_large_response_does_not_block_the_loop",
        ),
    ),
    12: Requirement(
        "no repr and no log line contains a secret",
        ("test_environment::test_logs_reprs_and_errors_contain_no_secrets",),
    ),
    13: Requirement(
        "proxy, certificate authority, client certificate and HTTP client are configurable",
        (
            "test_environment::test_the_client_works_through_a_proxy",
            "test_environment::test_the_client_works_with_a_custom_ca_and_client_certificate",
        ),
    ),
    14: Requirement(
        "handshakes, subscriptions, logins, limits and refused positions can be observed",
        ("test_environment::test_states_logins_and_errors_can_be_observed",),
    ),
    15: Requirement(
        "the endpoint is determined again after each login",
        (
            "test_recovery::test_the_endpoint_follows_each_login",
            "test_recovery::test_the_client_follows_a_moved_org",
            "test_extension::test_the_client_moves_to_the_instance_url_before_the_handshake",
            "test_extension::test_each_login_can_move_the_client",
        ),
    ),
    16: Requirement(
        "the timeout of a connect exceeds the server's hold",
        (
            "test_load::test_the_connect_timeout_exceeds_the_hold",
            "test_load::test_an_unanswered_connect_times_out",
            "test_extension::test_the_connect_timeout_covers_the_unannounced_hold",
        ),
    ),
}
