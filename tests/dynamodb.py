"""DynamoDB in memory, for as much of it as the store uses, with the limits that others do not keep.

It stands where pynamodb has botocore's client, so it is asked with the very parameters that would be sent. Items are
under 400 KB, numbers have at most 38 digits, keys are neither empty nor too long, transactions and batches hold no more
than 100 items, and pages end at 1 MB. tests/store_contract.py holds it to the same promises as moto and MiniStack.
"""

from __future__ import annotations

import json
import re
import threading
from collections.abc import Callable, Iterator, Mapping
from decimal import Decimal
from types import SimpleNamespace
from typing import Any

from botocore.exceptions import ClientError

Item = dict[str, Any]
Wire = Mapping[str, Any]

MAX_ITEM_BYTES = 400 * 1024
MAX_DIGITS = 38
MAX_PAGE_BYTES = 1024 * 1024
MAX_TOGETHER = 100
_KEY_BYTES = {"hash": 2048, "range": 1024}


class MemoryDynamoDB:
    """In the place of `Connection._client`. `meta.events` tells of calls as botocore does."""

    def __init__(self) -> None:
        self.tables: dict[str, _Table] = {}
        self.meta = SimpleNamespace(events=_Events())
        self._request_signer = SimpleNamespace(_credentials=True)
        self._lock = threading.RLock()

    def _make_api_call(self, operation: str, asked: Wire) -> dict[str, Any]:
        self.meta.events.tell("before-call", operation, params={"body": json.dumps(asked)})
        try:
            _check_places(operation, asked)
            with self._lock:
                answer: dict[str, Any] = getattr(self, f"_{operation}")(asked)
        except ClientError as error:
            self.meta.events.tell("after-call", operation, http_response=_status(400), parsed=error.response)
            raise
        self.meta.events.tell("after-call", operation, http_response=_status(200), parsed=answer)
        return answer

    def _CreateTable(self, asked: Wire) -> dict[str, Any]:  # noqa: N802
        self.tables[asked["TableName"]] = _Table(asked)
        return {}

    def _DescribeTable(self, asked: Wire) -> dict[str, Any]:  # noqa: N802
        if asked["TableName"] not in self.tables:
            raise _refusal("DescribeTable", "ResourceNotFoundException", "no such table")
        return {"Table": {"TableName": asked["TableName"], "TableStatus": "ACTIVE"}}

    def _GetItem(self, asked: Wire) -> dict[str, Any]:  # noqa: N802
        item = self.tables[asked["TableName"]].get(asked["Key"])
        return {} if item is None else {"Item": _projected(item, asked)}

    def _PutItem(self, asked: Wire) -> dict[str, Any]:  # noqa: N802
        table = self.tables[asked["TableName"]]
        _demand("PutItem", table.get(asked["Item"]), asked)
        table.put("PutItem", dict(asked["Item"]))
        return {}

    def _UpdateItem(self, asked: Wire) -> dict[str, Any]:  # noqa: N802
        table = self.tables[asked["TableName"]]
        before = table.get(asked["Key"])
        _demand("UpdateItem", before, asked)
        after = _updated(before or dict(asked["Key"]), asked)
        table.put("UpdateItem", after)
        return {"Attributes": dict(after)}

    def _DeleteItem(self, asked: Wire) -> dict[str, Any]:  # noqa: N802
        table = self.tables[asked["TableName"]]
        _demand("DeleteItem", table.get(asked["Key"]), asked)
        table.delete(asked["Key"])
        return {}

    def _BatchGetItem(self, asked: Wire) -> dict[str, Any]:  # noqa: N802
        found: dict[str, list[Item]] = {}
        for name, wanted in asked["RequestItems"].items():
            keys = [json.dumps(key, sort_keys=True) for key in wanted["Keys"]]
            if len(keys) > MAX_TOGETHER or len(set(keys)) < len(keys):
                raise _refusal("BatchGetItem", "ValidationException", "too many keys, or one of them twice")
            items = map(self.tables[name].get, wanted["Keys"])
            found[name] = [_projected(item, wanted) for item in items if item is not None]
        return {"Responses": found, "UnprocessedKeys": {}}

    def _BatchWriteItem(self, asked: Wire) -> dict[str, Any]:  # noqa: N802
        for name, writes in asked["RequestItems"].items():
            for write in writes:
                if "PutRequest" in write:
                    self.tables[name].put("BatchWriteItem", dict(write["PutRequest"]["Item"]))
                else:
                    self.tables[name].delete(write["DeleteRequest"]["Key"])
        return {"UnprocessedItems": {}}

    def _TransactWriteItems(self, asked: Wire) -> dict[str, Any]:  # noqa: N802
        operation, writes = "TransactWriteItems", [next(iter(item.items())) for item in asked["TransactItems"]]
        places = [(write["TableName"], self._key_of(write)) for _, write in writes]
        if len(writes) > MAX_TOGETHER or len(set(places)) < len(places):
            raise _refusal(operation, "ValidationException", "too many items, or one of them twice")
        before = [self.tables[write["TableName"]].get(write.get("Key", write.get("Item"))) for _, write in writes]
        held = [_holds(item, write) for item, (_, write) in zip(before, writes, strict=True)]
        if not all(held):
            error = _refusal(operation, "TransactionCanceledException", "cancelled")
            reasons = [{"Code": "None" if each else "ConditionalCheckFailed"} for each in held]
            error.response["CancellationReasons"] = reasons  # type: ignore[typeddict-unknown-key]
            raise error
        changed = [
            (write["TableName"], dict(write["Item"]) if kind == "Put" else _updated(item or dict(write["Key"]), write))
            for item, (kind, write) in zip(before, writes, strict=True)
            if kind in {"Put", "Update"}
        ]
        for name, item in changed:
            self.tables[name].check(operation, item)
        for name, item in changed:
            self.tables[name].put(operation, item)
        return {}

    def _Query(self, asked: Wire) -> dict[str, Any]:  # noqa: N802
        table = self.tables[asked["TableName"]]
        index = asked.get("IndexName")
        condition = _Expression(asked["KeyConditionExpression"], asked)
        items = [item for item in table.partition_of(condition, index) if condition.holds(item)]
        if not asked.get("ScanIndexForward", True):
            items.reverse()
        return _page(items, asked, table.keys(index))

    def _Scan(self, asked: Wire) -> dict[str, Any]:  # noqa: N802
        table = self.tables[asked["TableName"]]
        index = asked.get("IndexName")
        return _page(list(table.all(index)), asked, table.keys(index))

    def _key_of(self, write: Wire) -> str:
        return json.dumps(self.tables[write["TableName"]].key(write.get("Key", write.get("Item"))))


class _Table:
    def __init__(self, asked: Wire) -> None:
        self._hash, self._range = _schema(asked)
        self._indexes = {index["IndexName"]: _schema(index) for index in asked.get("LocalSecondaryIndexes") or ()}
        self._partitions: dict[str, dict[str, Item]] = {}

    def keys(self, index: str | None) -> list[str]:
        """Attributes that tell an item's place in the table or the index."""
        found = [self._hash, self._range, self._indexes[index][1] if index else None]
        return [name for name in found if name is not None]

    def key(self, item: Wire) -> tuple[str, str]:
        return _text(item[self._hash]), _text(item[self._range]) if self._range else ""

    def get(self, key: Wire) -> Item | None:
        hashed, ranged = self.key(key)
        return self._partitions.get(hashed, {}).get(ranged)

    def put(self, operation: str, item: Item) -> None:
        self.check(operation, item)
        hashed, ranged = self.key(item)
        self._partitions.setdefault(hashed, {})[ranged] = item

    def delete(self, key: Wire) -> None:
        hashed, ranged = self.key(key)
        self._partitions.get(hashed, {}).pop(ranged, None)

    def all(self, index: str | None) -> Iterator[Item]:
        needed = self.keys(index)
        for partition in self._partitions.values():
            yield from (item for item in partition.values() if all(name in item for name in needed))

    def partition_of(self, condition: _Expression, index: str | None) -> list[Item]:
        items = self._partitions.get(condition.value_of(self._hash), {}).values()
        place = self._indexes[index][1] if index else self._range
        if place is None:
            return list(items)
        tail = self._range or self._hash
        there = [item for item in items if place in item]
        return sorted(there, key=lambda item: (_order(item[place]), _order(item[tail])))

    def check(self, operation: str, item: Item) -> None:
        for kind, name in (("hash", self._hash), ("range", self._range)):
            if name is not None and not 0 < len(_text(item[name]).encode()) <= _KEY_BYTES[kind]:
                raise _refusal(operation, "ValidationException", f"{name} is empty or too long")
        size = sum(len(name.encode()) + _size(operation, value) for name, value in item.items())
        if size > MAX_ITEM_BYTES:
            raise _refusal(operation, "ValidationException", "Item size has exceeded the maximum allowed size")


def _check_places(operation: str, asked: Wire) -> None:
    """What is looked for must be able to be there."""
    values = asked.get("ExpressionAttributeValues") if operation == "Query" else None
    for place in (asked.get("Key"), asked.get("ExclusiveStartKey"), values):
        for name, value in (place or {}).items():
            if "S" in value and not 0 < len(value["S"].encode()) <= _KEY_BYTES["hash"]:
                raise _refusal(operation, "ValidationException", f"{name} is empty or too long")


class _Expression:
    """A condition as pynamodb writes it: comparisons, functions, AND, OR, NOT and parentheses."""

    _TOKENS = re.compile(r"<=|>=|<>|[=<>(),]|[#:\w.]+")

    def __init__(self, text: str, asked: Wire) -> None:
        self._tokens = self._TOKENS.findall(text)
        self._names = asked.get("ExpressionAttributeNames") or {}
        self._values = asked.get("ExpressionAttributeValues") or {}
        self._equal: dict[str, Any] = {}
        self._test = self._either()

    def holds(self, item: Wire) -> bool:
        return self._test(item)

    def value_of(self, name: str) -> str:
        """What a key condition demands of the partition's key."""
        return _text(self._equal[name])

    def _either(self) -> Callable[[Wire], bool]:
        tests = [self._all()]
        while self._next("OR"):
            tests.append(self._all())
        return tests[0] if len(tests) == 1 else lambda item: any(test(item) for test in tests)

    def _all(self) -> Callable[[Wire], bool]:
        tests = [self._one()]
        while self._next("AND"):
            tests.append(self._one())
        return tests[0] if len(tests) == 1 else lambda item: all([test(item) for test in tests])

    def _one(self) -> Callable[[Wire], bool]:
        if self._next("NOT"):
            test = self._one()
            return lambda item: not test(item)
        if self._next("("):
            test = self._either()
            self._tokens.pop(0)
            return test
        word = self._tokens.pop(0)
        if word in _FUNCTIONS:
            given = self._arguments()
            name, function = self._names[given[0]], _FUNCTIONS[word]
            wanted = self._values.get(given[1]) if len(given) > 1 else None
            return lambda item: function(item.get(name), wanted)
        name, sign, wanted = self._names[word], self._tokens.pop(0), self._values[self._tokens.pop(0)]
        if sign == "=":
            self._equal[name] = wanted
        compare = _SIGNS[sign]
        return lambda item: name in item and compare(_order(item[name]), _order(wanted))

    def _arguments(self) -> list[str]:
        end = self._tokens.index(")")
        given = [token for token in self._tokens[1:end] if token != ","]
        del self._tokens[: end + 1]
        return given

    def _next(self, token: str) -> bool:
        if self._tokens and self._tokens[0] == token:
            self._tokens.pop(0)
            return True
        return False


_SIGNS: dict[str, Callable[[Any, Any], bool]] = {
    "=": lambda one, other: bool(one == other),
    "<>": lambda one, other: bool(one != other),
    "<": lambda one, other: bool(one < other),
    "<=": lambda one, other: bool(one <= other),
    ">": lambda one, other: bool(one > other),
    ">=": lambda one, other: bool(one >= other),
}
_FUNCTIONS: dict[str, Callable[[Any, Any], bool]] = {
    "attribute_exists": lambda value, _: value is not None,
    "attribute_not_exists": lambda value, _: value is None,
    "begins_with": lambda value, wanted: value is not None and _text(value).startswith(_text(wanted)),
}


class _Events:
    """botocore's hooks around calls, of every operation or of one."""

    def __init__(self) -> None:
        self._hooks: list[tuple[str, Callable[..., Any]]] = []

    def register(self, name: str, hook: Callable[..., Any]) -> None:
        self._hooks.append((name, hook))

    def tell(self, when: str, operation: str, **facts: Any) -> None:
        for name, hook in self._hooks:
            if f"{when}.dynamodb.{operation}".startswith(name):
                hook(model=SimpleNamespace(name=operation), **facts)


def _updated(before: Item, asked: Wire) -> Item:
    """The item after an update expression of pynamodb's: SET, REMOVE and ADD of whole attributes."""
    names, values = asked.get("ExpressionAttributeNames") or {}, asked.get("ExpressionAttributeValues") or {}
    after = dict(before)
    parts = re.split(r"\b(SET|REMOVE|ADD)\b", asked.get("UpdateExpression", ""))
    for verb, body in zip(parts[1::2], parts[2::2], strict=True):
        for action in filter(None, (text.strip() for text in body.split(","))):
            name, *rest = action.replace("=", " ").split()
            if verb == "SET":
                after[names[name]] = values[rest[0]]
            elif verb == "REMOVE":
                after.pop(names[name], None)
            else:
                known = int(after.get(names[name], {"N": "0"})["N"])
                after[names[name]] = {"N": str(known + int(values[rest[0]]["N"]))}
    return after


def _page(items: list[Item], asked: Wire, keys: list[str]) -> dict[str, Any]:
    start, most = asked.get("ExclusiveStartKey"), asked.get("Limit") or len(items)
    if start:
        places = [{key: item[key] for key in keys} for item in items]
        behind = places.index(dict(start)) + 1 if dict(start) in places else _behind(items, start, keys)
        items = items[behind:]
    seen, size = list[Item](), 0
    for item in items[:most]:
        seen.append(item)
        size += len(json.dumps(item))
        if size > MAX_PAGE_BYTES:
            break
    filtered = asked.get("FilterExpression")
    wanted = _Expression(filtered, asked) if filtered else None
    found = [_projected(item, asked) for item in seen if wanted is None or wanted.holds(item)]
    answer: dict[str, Any] = {"Count": len(found), "ScannedCount": len(seen)}
    if asked.get("Select") != "COUNT":
        answer["Items"] = found
    if len(seen) < len(items):
        answer["LastEvaluatedKey"] = {key: seen[-1][key] for key in keys}
    return answer


def _behind(items: list[Item], start: Wire, keys: list[str]) -> int:
    """Where to go on behind an item that is gone, or was never there."""
    order = [key for key in (*keys[2:], keys[1]) if key in start] if len(keys) > 1 else keys
    place = [_order(start[key]) for key in order]
    return sum(1 for item in items if [_order(item[key]) for key in order] <= place)


def _projected(item: Item, asked: Wire) -> Item:
    text = asked.get("ProjectionExpression")
    if not text:
        return dict(item)
    names = asked.get("ExpressionAttributeNames") or {}
    wanted = [names.get(name.strip(), name.strip()) for name in text.split(",")]
    return {name: item[name] for name in wanted if name in item}


def _demand(operation: str, item: Item | None, asked: Wire) -> None:
    if not _holds(item, asked):
        raise _refusal(operation, "ConditionalCheckFailedException", "The conditional request failed")


def _holds(item: Item | None, asked: Wire) -> bool:
    text = asked.get("ConditionExpression")
    return not text or _Expression(text, asked).holds(item or {})


def _schema(asked: Wire) -> tuple[str, str | None]:
    kinds = {entry["KeyType"]: entry["AttributeName"] for entry in asked["KeySchema"]}
    return kinds["HASH"], kinds.get("RANGE")


def _text(value: Wire) -> str:
    return str(next(iter(value.values())))


def _order(value: Wire) -> Any:
    kind, content = next(iter(value.items()))
    return Decimal(content) if kind == "N" else content


def _size(operation: str, value: Wire) -> int:
    """Bytes of an attribute, about as DynamoDB counts them."""
    kind, content = next(iter(value.items()))
    if kind == "N":
        number = Decimal(content)
        digits = "".join(map(str, number.as_tuple().digits)).strip("0")
        if len(digits) > MAX_DIGITS or not -130 <= number.adjusted() <= 125:
            raise _refusal(operation, "ValidationException", "more than 38 significant digits in a number")
        return len(digits) // 2 + 2
    if kind == "S":
        return len(content.encode())
    if kind == "L":
        return 3 + sum(1 + _size(operation, each) for each in content)
    if kind == "M":
        return 3 + sum(1 + len(name.encode()) + _size(operation, each) for name, each in content.items())
    return 1


def _status(code: int) -> Any:
    return SimpleNamespace(status_code=code)


def _refusal(operation: str, code: str, message: str) -> ClientError:
    return ClientError({"Error": {"Code": code, "Message": message}}, operation)
