"""Pictures that show figures of the articles, without words, so that they serve every language."""

from docs.drawing.canvas import DEEP, INK, OCHRE, PAPER, RED, RIVER, ROSE, SAND, SNOW, STONE, Canvas

LEFT, RIGHT, TOP, FLOOR = 150, 1450, 110, 790


def _grid(canvas: Canvas, lines: int) -> None:
    for number in range(lines + 1):
        y = FLOOR - (FLOOR - TOP) * number / lines
        canvas.line([(LEFT, y), (RIGHT, y)], 5 if number == 0 else 2, INK if number == 0 else SAND)


def journeys(canvas: Canvas) -> None:
    """Line 6, Monday to Saturday: journeys, those on old tickets among them, and the forecast of 21,000 a day."""
    _grid(canvas, 4)
    counts = ((34_100, 2_900), (27_600, 1_140), (26_900, 830), (28_300, 610), (30_200, 720), (33_400, 1_200))
    unit = (FLOOR - TOP) / 40_000
    for number, (all_of_them, old) in enumerate(counts):
        left = LEFT + 40 + number * 212
        canvas.box(left, FLOOR - all_of_them * unit, left + 150, FLOOR - 3, RED)
        canvas.box(left, FLOOR - old * unit, left + 150, FLOOR - 3, OCHRE)
    canvas.dashes(LEFT, RIGHT, FLOOR - 21_000 * unit, 7, INK)


def reservoir(canvas: Canvas) -> None:
    """How full Kessary was between 28 August and 27 October: 31, 29, 26, 31 and 37 per cent."""
    days = ((0, 31), (20, 29), (54, 26), (57, 31), (60, 37))
    unit_x, unit_y = (RIGHT - LEFT) / 60, (FLOOR - TOP) / 40
    curve = [(LEFT + day * unit_x, FLOOR - level * unit_y) for day, level in days]
    canvas.shape([(LEFT, FLOOR), *curve, (RIGHT, FLOOR)], RIVER)
    _grid(canvas, 4)
    canvas.line(curve, 12, DEEP)
    for x, y in curve:
        canvas.disc(x, y, 17, DEEP)
        canvas.disc(x, y, 8, SNOW)


def prices(canvas: Canvas) -> None:
    """Power, pears, sprat and freight at Anselm beside what they cost a year before, which is 100 for each."""
    _grid(canvas, 4)
    for number, (then, today) in enumerate(((58, 97), (31, 46), (1.85, 2.10), (13.90, 14.20))):
        left, unit = LEFT + 55 + number * 320, (FLOOR - TOP) / 200
        canvas.box(left, FLOOR - 100 * unit, left + 100, FLOOR - 3, STONE)
        canvas.box(left + 110, FLOOR - 100 * today / then * unit, left + 210, FLOOR - 3, RED)


def rents(canvas: Canvas) -> None:
    """Rents near five stops of Line 6, in January and in October."""
    stops = ((580, 690), (610, 708), (650, 741), (700, 756), (720, 756))
    unit, base = (FLOOR - TOP) / 200, 570
    for x in (LEFT + 120, RIGHT - 120):
        canvas.line([(x, TOP), (x, FLOOR)], 4, INK)
    for number, (january, october) in enumerate(stops):
        colour = (RED, RED, OCHRE, RIVER, DEEP)[number]
        ends = [
            (LEFT + 120.0, FLOOR - (january - base) * unit),
            (RIGHT - 120.0, FLOOR - (october - base) * unit),
        ]
        canvas.line(ends, 11, colour)
        for x, y in ends:
            canvas.disc(x, y, 20, colour)


def ward(canvas: Canvas) -> None:
    """Ward 7 from above: of its twenty-four beds, sixteen are made."""
    canvas.box(90, 90, 1510, 810, SNOW, INK)
    for number in range(24):
        row, place = divmod(number, 12)
        left, top = 130 + place * 113, 130 if row == 0 else 590
        is_made = place < 8
        canvas.box(left, top, left + 84, top + 180, ROSE if is_made else PAPER, INK if is_made else STONE)
        canvas.box(left + 16, top + (14 if row == 0 else 128), left + 68, top + (52 if row == 0 else 166), SNOW, STONE)
    canvas.dashes(110, 1490, 450, 5, STONE)


def penalties(canvas: Canvas) -> None:
    """Six penalties of each side: a full disc went in, a ring did not."""
    canvas.line([(800, 80), (800, 820)], 4, PAPER)
    canvas.ring(800, 450, 210, 4, PAPER)
    for row, scored in enumerate(((1, 1, 0, 1, 1, 1), (1, 1, 0, 1, 1, 0))):
        for kick, is_in in enumerate(scored):
            x, y = 250 + kick * 220, 300 + row * 300
            if is_in:
                canvas.disc(x, y, 70, OCHRE if row == 0 else SNOW)
            canvas.ring(x, y, 70, 10, OCHRE if row == 0 else SNOW)


def line_map(canvas: Canvas) -> None:
    """Line 6 from the Fish Market over the river to the Upper Lock: nine stops."""
    for number in range(12):
        canvas.line([(number * 150 - 120, 0), (number * 150 + 160, 900)], 3, SAND)
        canvas.line([(0, number * 95 - 30), (1600, number * 95 - 130)], 3, SAND)
    canvas.line([(-20, 700), (420, 610), (760, 640), (1060, 500), (1300, 420), (1620, 470)], 90, RIVER)
    stops = [
        (170.0, 770.0), (330.0, 705.0), (480.0, 560.0), (640.0, 500.0), (800.0, 470.0), (930.0, 400.0),
        (1090.0, 310.0), (1240.0, 220.0), (1420.0, 130.0),
    ]  # fmt: skip
    canvas.line(stops, 20, RED)
    for number, (x, y) in enumerate(stops):
        is_end = number in (0, len(stops) - 1)
        canvas.disc(x, y, 38 if is_end else 26, RED)
        canvas.disc(x, y, 22 if is_end else 14, SNOW)
