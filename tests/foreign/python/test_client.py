"""The gateway as a service provider sees it from Python: nothing here but the contract and stock gRPC."""

import uuid

import grpc
import pytest
from google.rpc import error_details_pb2
from grpc_status import rpc_status

# Far above the two seconds a check may take, so that only a hanging call meets it.
DEADLINE_SECONDS = 20


def right_to_work(contract, person, request_id=None):
    return contract.status_check_service_pb2.CheckRequest(
        request_id=request_id or str(uuid.uuid4()),
        right_to_work=contract.check_pb2.RightToWorkCheck(
            share_code=person.share_code,
            person=contract.check_pb2.Person(date_of_birth=person.date_of_birth),
        ),
    )


def refusal(call, request):
    """The error a call is refused with."""
    with pytest.raises(grpc.RpcError) as refused:
        call(request, timeout=DEADLINE_SECONDS)
    return refused.value


def detail(error, kind):
    """The one google.rpc detail of this kind."""
    status = rpc_status.from_call(error)
    assert status is not None, "the error carries no google.rpc details"
    found = [packed for packed in status.details if packed.Is(kind.DESCRIPTOR)]
    assert len(found) == 1, f"{len(found)} details of kind {kind.DESCRIPTOR.full_name}"
    unpacked = kind()
    found[0].Unpack(unpacked)
    return unpacked


@pytest.fixture
def employer(connect):
    return connect("organisation/employer")


def test_a_share_code_establishes_a_right_to_work(contract, employer, person):
    response = employer.Check(right_to_work(contract, person), timeout=DEADLINE_SECONDS)

    assert response.answer.WhichOneof("outcome") == "established"
    assert response.answer.established.WhichOneof("facts") == "right_to_work"
    assert response.answer.may_refuse is False


def test_a_case_is_read_and_listed_by_its_owner(contract, employer, person):
    messages = contract.status_check_service_pb2
    case_id = employer.Check(right_to_work(contract, person), timeout=DEADLINE_SECONDS).case_id

    read = employer.GetCase(messages.GetCaseRequest(case_id=case_id), timeout=DEADLINE_SECONDS).case
    assert read.case_id == case_id
    assert read.kind == contract.check_pb2.CHECK_KIND_RIGHT_TO_WORK
    assert read.state == contract.case_pb2.CASE_STATE_ANSWERED
    assert read.answer.WhichOneof("outcome") == "established"

    listed = employer.ListCases(messages.ListCasesRequest(page_size=500), timeout=DEADLINE_SECONDS).cases
    assert case_id in [case.case_id for case in listed]


def test_the_same_request_id_gives_the_same_case(contract, employer, person):
    request = right_to_work(contract, person)

    first = employer.Check(request, timeout=DEADLINE_SECONDS)
    second = employer.Check(request, timeout=DEADLINE_SECONDS)
    other = employer.Check(right_to_work(contract, person), timeout=DEADLINE_SECONDS)

    assert first.case_id == second.case_id
    assert first.case_id != other.case_id


def test_a_request_id_with_another_content_is_refused(contract, employer, person):
    request = right_to_work(contract, person)
    employer.Check(request, timeout=DEADLINE_SECONDS)

    request.caller_reference = "another content"
    assert refusal(employer.Check, request).code() == grpc.StatusCode.ALREADY_EXISTS


def test_bad_input_names_every_field_at_fault(contract, employer):
    request = contract.status_check_service_pb2.CheckRequest(
        request_id=str(uuid.uuid4()),
        right_to_work=contract.check_pb2.RightToWorkCheck(
            person=contract.check_pb2.Person(
                given_names="Ada", family_name="Example", national_insurance_number="not a number"
            )
        ),
    )

    error = refusal(employer.Check, request)

    assert error.code() == grpc.StatusCode.INVALID_ARGUMENT
    fields = {violation.field for violation in detail(error, error_details_pb2.BadRequest).field_violations}
    assert fields >= {
        "right_to_work.person.national_insurance_number",
        "right_to_work.person.date_of_birth",
    }


def test_an_organisation_without_an_agreement_is_refused_with_the_reason(contract, connect, person):
    error = refusal(connect("organisation/stranger").Check, right_to_work(contract, person))

    assert error.code() == grpc.StatusCode.PERMISSION_DENIED
    assert detail(error, error_details_pb2.ErrorInfo).reason == "NO_AGREEMENT"


def test_a_department_may_not_ask_as_a_service_provider(contract, connect, person):
    error = refusal(connect("department/dwp").Check, right_to_work(contract, person))

    assert error.code() == grpc.StatusCode.PERMISSION_DENIED


def test_a_caller_without_a_certificate_gets_nothing(contract, connect, person):
    request = right_to_work(contract, person)

    assert refusal(connect(None).Check, request).code() == grpc.StatusCode.UNAVAILABLE
    # The same request with a certificate: it was the certificate that was missing, not the gateway.
    assert connect("organisation/employer").Check(request, timeout=DEADLINE_SECONDS).case_id


def test_another_organisations_case_looks_like_one_that_does_not_exist(contract, employer, connect, person):
    request = contract.status_check_service_pb2.GetCaseRequest
    landlord = connect("organisation/landlord")
    foreign_id = employer.Check(right_to_work(contract, person), timeout=DEADLINE_SECONDS).case_id
    # The real id with its last digit changed: as well formed as a real one, and nobody's.
    nobodys_id = foreign_id[:-1] + ("0" if foreign_id[-1] != "0" else "1")

    foreign = refusal(landlord.GetCase, request(case_id=foreign_id))
    nobodys = refusal(landlord.GetCase, request(case_id=nobodys_id))

    assert foreign.code() == grpc.StatusCode.NOT_FOUND
    assert nobodys.code() == grpc.StatusCode.NOT_FOUND
    assert foreign.details().replace(foreign_id, "ID") == nobodys.details().replace(nobodys_id, "ID")
