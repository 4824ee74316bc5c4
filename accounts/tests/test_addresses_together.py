"""Who writes an address book at the same moment."""

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest

from accounts.models import Address, User
from accounts.services import address_create, address_update
from accounts.tests.test_addresses import HOME
from conftest import alone


def at_once(count, act):
    """Run `act` in threads that start together; return what they return."""
    barrier = Barrier(count)

    def run(number):
        barrier.wait()
        return act(number)

    with ThreadPoolExecutor(count) as pool:
        return list(pool.map(alone(run), range(count)))


@pytest.fixture
def ann(transactional_db, patient_database):
    return User.objects.create(openid="openid-ann", password="!")


def create(user, number, **fields):
    """Add an address that differs from the others by its number."""
    fields = {**HOME, "detail": str(number), **fields}
    return address_create(user_id=user.pk, fields=fields)


def test_new_defaults_at_once(ann):
    at_once(12, lambda number: create(ann, number, is_default=True))
    assert Address.objects.count() == 12
    assert Address.objects.filter(is_default=True).count() == 1


def test_first_addresses_at_once(ann):
    # Each of six is sent twice.
    at_once(12, lambda number: create(ann, number // 2))
    assert Address.objects.count() == 6
    assert Address.objects.filter(is_default=True).count() == 1


def test_limit_holds_at_once(ann):
    for number in range(18):
        create(ann, number)

    def act(number):
        try:
            create(ann, 18 + number)
        except Exception as error:
            return getattr(error, "code", repr(error))
        return "made"

    assert sorted(at_once(6, act)) == ["address_limit"] * 4 + ["made"] * 2
    assert Address.objects.count() == 20


def test_defaults_moved_at_once(ann):
    keys = [create(ann, number).pk for number in range(6)]

    def act(number):
        changes = {"is_default": True}
        address_update(user_id=ann.pk, address_id=keys[number], changes=changes)

    for _ in range(5):
        at_once(6, act)
        assert Address.objects.filter(is_default=True).count() == 1
