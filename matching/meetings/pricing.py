"""Compiled steps of the primal-dual method for the time-indexed linear programme: each pair and slot is a column."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from matching.meetings.compiled import borrowing, compiled
from matching.meetings.problem import Flags, Floats, MeetingProblem, Numbers
from matching.meetings.selection import penalties
from matching.meetings.starts import needs_table

PRICE_WEIGHT = 0.5
"""How far prices move beside shares: lower, and prices come to rest later but closer to the best ones."""


class Columns(NamedTuple):
    """One column for each pair and slot in which it may begin; pairs, and slots within, in rising order."""

    pair: Numbers
    start: Numbers
    first: Numbers
    second: Numbers
    ends: Numbers
    length: Numbers
    table: Flags
    score: Floats


class Prices(NamedTuple):
    """What each resource costs at the optimum; any prices bound the score, and the best ones do so closely.

    person : float64 (people, s), of a person's slot
    table  : float64 (s,), of a table
    degree : float64 (n,), of one more meeting of a participant; below 0 where a promise pulls
    pair   : float64 (m,), of meeting once
    """

    person: Floats
    table: Floats
    degree: Floats
    pair: Floats


class Limits(NamedTuple):
    """Right-hand sides: tables of each slot, least and most meetings, pairs required, and what breaking them costs."""

    tables: Floats
    minimum: Floats
    maximum: Floats
    required: Flags
    promise: float
    duty: float


def columns_of(problem: MeetingProblem, possible: Flags) -> Columns:
    """Every pair and slot in which it may begin."""
    pair, start = np.nonzero(possible)
    first, second = problem.first[pair], problem.second[pair]
    ends = np.stack([problem.person[first], problem.person[second]], axis=1)
    return Columns(
        pair, start, first, second, ends, problem.length[pair], needs_table(problem)[pair], problem.score[pair]
    )


def limits_of(problem: MeetingProblem) -> Limits:
    """The right-hand sides of the problem."""
    return Limits(
        problem.tables.astype(float),
        problem.minimum.astype(float),
        problem.maximum.astype(float),
        problem.required,
        *penalties(problem),
    )


def no_prices(problem: MeetingProblem) -> Prices:
    """Everything for nothing."""
    people, slots = int(problem.person.max(initial=-1)) + 1, len(problem.half_day)
    return Prices(
        np.zeros((people, slots)), np.zeros(slots), np.zeros(len(problem.minimum)), np.zeros(len(problem.first))
    )


def step_sizes(problem: MeetingProblem, columns: Columns) -> Prices:
    """How far each price moves at once: in proportion to one over the number of columns that take the resource.

    Source: Pock & Chambolle, Diagonal preconditioning for first order primal-dual algorithms, ICCV 2011.
    """
    used = no_prices(problem)
    load(columns, np.ones(len(columns.pair)), used)
    return Prices(*(PRICE_WEIGHT / np.maximum(count, 1) for count in used))


@borrowing
def reduced(columns: Columns, prices: Prices, column: int) -> float:
    """What the column is worth beyond the price of its time, its table and its meetings; its pair is not charged."""
    value = columns.score[column] - prices.degree[columns.first[column]] - prices.degree[columns.second[column]]
    for slot in range(columns.start[column], columns.start[column] + columns.length[column]):
        value -= prices.person[columns.ends[column, 0], slot] + prices.person[columns.ends[column, 1], slot]
        if columns.table[column]:
            value -= prices.table[slot]
    return float(value)


@compiled
def bound_of(columns: Columns, limits: Limits, prices: Prices) -> float:
    """No plan is worth more than this, broken promises counted at their price."""
    total = prices.person.sum() + (prices.table * limits.tables).sum()
    for row in range(len(prices.degree)):
        price = prices.degree[row]
        total += price * (limits.maximum[row] if price > 0 else limits.minimum[row])
    best = np.where(limits.required, -limits.duty, 0.0)
    for column in range(len(columns.pair)):
        pair = columns.pair[column]
        best[pair] = max(best[pair], reduced(columns, prices, column))
    return float(total + best.sum())


@borrowing
def load(columns: Columns, held: Floats, used: Prices) -> None:
    """Sum up what the columns use of each resource."""
    for row in range(used.person.shape[0]):
        for slot in range(used.person.shape[1]):
            used.person[row, slot] = 0.0
    for slot in range(len(used.table)):
        used.table[slot] = 0.0
    for row in range(len(used.degree)):
        used.degree[row] = 0.0
    for row in range(len(used.pair)):
        used.pair[row] = 0.0
    for column in range(len(columns.pair)):
        share = held[column]
        if share == 0.0:
            continue
        used.pair[columns.pair[column]] += share
        used.degree[columns.first[column]] += share
        used.degree[columns.second[column]] += share
        for slot in range(columns.start[column], columns.start[column] + columns.length[column]):
            used.person[columns.ends[column, 0], slot] += share
            used.person[columns.ends[column, 1], slot] += share
            if columns.table[column]:
                used.table[slot] += share


@borrowing
def raise_prices(prices: Prices, used: Prices, steps: Prices, limits: Limits) -> None:
    """Move each price by what is used beyond its limit."""
    for person in range(prices.person.shape[0]):
        for slot in range(prices.person.shape[1]):
            step = steps.person[person, slot]
            prices.person[person, slot] = max(0.0, prices.person[person, slot] + step * (used.person[person, slot] - 1))
    for slot in range(len(prices.table)):
        over = used.table[slot] - limits.tables[slot]
        prices.table[slot] = max(0.0, prices.table[slot] + steps.table[slot] * over)
    for row in range(len(prices.degree)):
        step = steps.degree[row]
        wanted = prices.degree[row] / step + used.degree[row]
        inside = min(max(wanted, limits.minimum[row]), limits.maximum[row])
        prices.degree[row] = max(-limits.promise, step * (wanted - inside))
    for pair in range(len(prices.pair)):
        price = prices.pair[pair] + steps.pair[pair] * (used.pair[pair] - 1)
        prices.pair[pair] = max(-limits.duty if limits.required[pair] else 0.0, price)


@compiled
def improve(
    columns: Columns, limits: Limits, steps: Prices, held: Floats, prices: Prices, used: Prices, count: int
) -> None:
    """Take so many primal-dual steps and go on from their average."""
    mean_held, ahead = np.zeros_like(held), np.empty_like(held)
    person, table = np.zeros_like(prices.person), np.zeros_like(prices.table)
    degree, pair = np.zeros_like(prices.degree), np.zeros_like(prices.pair)
    for _ in range(count):
        for column in range(len(held)):
            slope = reduced(columns, prices, column) - prices.pair[columns.pair[column]]
            new = min(1.0, max(0.0, held[column] + slope / (PRICE_WEIGHT * (3.0 + 3.0 * columns.length[column]))))
            ahead[column] = 2 * new - held[column]
            held[column] = new
            mean_held[column] += new
        load(columns, ahead, used)
        raise_prices(prices, used, steps, limits)
        person += prices.person
        table += prices.table
        degree += prices.degree
        pair += prices.pair
    held[:] = mean_held / count
    prices.person[:] = person / count
    prices.table[:] = table / count
    prices.degree[:] = degree / count
    prices.pair[:] = pair / count


@borrowing
def reduce_all(columns: Columns, prices: Prices, worth: Floats, best: Floats) -> None:
    """Write what each column is worth beyond its prices; raise each pair's best to the highest of its columns."""
    for column in range(len(columns.pair)):
        worth[column] = reduced(columns, prices, column)
        best[columns.pair[column]] = max(best[columns.pair[column]], worth[column])


def losses(columns: Columns, prices: Prices) -> tuple[Floats, Floats]:
    """What is lost by holding each column, beside the best slot of its pair or not meeting, and by not holding a pair.

    returns : float64 (c,) and float64 (m,), 0 or more.
    """
    worth, missed = np.empty(len(columns.pair)), np.zeros(len(prices.pair))
    reduce_all(columns, prices, worth, missed)
    return missed[columns.pair] - worth, missed


def part_of(columns: Columns, kept: Flags) -> Columns:
    """Some of the columns, in the same order."""
    return Columns(
        columns.pair[kept],
        columns.start[kept],
        columns.first[kept],
        columns.second[kept],
        columns.ends[kept],
        columns.length[kept],
        columns.table[kept],
        columns.score[kept],
    )
