"""Pictures of places and things that the articles tell of."""

import math

from docs.drawing.canvas import (
    ACROSS,
    DEEP,
    DOWN,
    GRASS,
    INK,
    LAMP,
    MOSS,
    NIGHT,
    OCHRE,
    PAPER,
    RED,
    RIVER,
    ROSE,
    SAND,
    SNOW,
    STONE,
    Canvas,
    arc,
    wave,
)

DAWN = ("#f0c9a4", "#f3d3b0", "#f6dcbd", "#f8e5ca", "#faedd8")
DUSK = ("#14203a", "#1a2945", "#213350", "#2a3e5c")
SLOPE = 0.094


def tram(canvas: Canvas) -> None:
    """Tram 601 on Lock Hill, at the 9.4 per cent that it has to climb."""
    canvas.sky(DAWN, 700)
    canvas.disc(1290, 250, 95, LAMP)

    def rail(x: float) -> float:
        return 720 - x * SLOPE

    for number, (width, height) in enumerate(
        ((120, 250), (90, 330), (150, 210), (100, 290), (130, 360), (160, 240)) * 2
    ):
        left = number * 137 - 20
        canvas.box(left, rail(left) - height, left + width, DOWN, ("#b8a79b", "#a8968c", "#c6b6a6")[number % 3])
    canvas.shape([(0, rail(0)), (ACROSS, rail(ACROSS)), (ACROSS, DOWN), (0, DOWN)], INK)
    canvas.line([(0, rail(0) + 4), (ACROSS, rail(ACROSS) + 4)], 8, STONE)
    canvas.line([(0, rail(0) - 262), (ACROSS, rail(ACROSS) - 262)], 4, INK)
    for part in range(3):
        _car(canvas, 420 + part * 262, rail)
    canvas.line([(800, rail(800) - 190), (770, rail(770) - 228), (815, rail(815) - 262)], 7, INK)


def _car(canvas: Canvas, left: float, rail: object) -> None:
    assert callable(rail)

    def slanted(x0: float, y0: float, x1: float, y1: float) -> list[tuple[float, float]]:
        return [(x0, rail(x0) - y0), (x1, rail(x1) - y0), (x1, rail(x1) - y1), (x0, rail(x0) - y1)]

    canvas.shape(slanted(left, 26, left + 254, 190), RED)
    canvas.shape(slanted(left, 62, left + 254, 74), OCHRE)
    for window in range(3):
        x = left + 18 + window * 78
        canvas.shape(slanted(x, 98, x + 62, 172), PAPER)
    for x in (left + 56, left + 198):
        canvas.disc(x, rail(x) - 16, 22, STONE)


def dam(canvas: Canvas) -> None:
    """The reservoir of Kessary, so low that a chapel and the floors of a village lie in daylight."""
    canvas.sky(("#cfe0e2", "#d9e6e4", "#e4ebe4", "#eef0e3"), 380)
    canvas.shape([(0, 330), (300, 120), (620, 330), (930, 90), (1300, 320), (1600, 170), (1600, 600), (0, 600)], MOSS)
    canvas.shape([(0, 400), (360, 330), (860, 430), (1600, 340), (1600, 900), (0, 900)], SAND)
    canvas.shape([(0, 640), (420, 590), (900, 660), (1230, 620), (1230, 900), (0, 900)], RIVER)
    for number, y in enumerate((470, 515, 560)):
        canvas.line(wave(0, 1230, y, 12, 150 + number * 20), 3, "#c2aa7c")
    for x, y in ((250, 560), (340, 545), (440, 540), (560, 565), (660, 580)):
        canvas.box(x, y, x + 66, y + 34, PAPER, STONE)
    canvas.box(780, 480, 870, 590, STONE)
    canvas.shape([(770, 482), (825, 400), (880, 482)], INK)
    canvas.box(818, 360, 832, 410, INK)
    canvas.shape([(1230, 300), (1330, 300), (1420, 900), (1230, 900)], "#b9b4aa")
    canvas.box(1220, 285, 1600, 315, STONE)
    for y in (430, 560):
        canvas.box(1230, y, 1262, y + 40, INK)


def lighthouse(canvas: Canvas) -> None:
    """Gannet Rock by night, with two lamps in one tower."""
    canvas.sky(DUSK, 640)
    canvas.stars(90, 520, seed=6)
    canvas.shape([(800, 214), (-40, 60), (-40, 330)], "#5a6273")
    canvas.shape([(800, 262), (1640, 130), (1640, 420)], "#5a6273")
    canvas.box(0, 640, ACROSS, DOWN, DEEP)
    for number in range(7):
        canvas.line(wave(0, ACROSS, 670 + number * 34, 7, 46 + number * 5), 4, RIVER)
    canvas.shape([(520, 700), (610, 600), (760, 560), (900, 570), (1010, 640), (1080, 710)], "#39424d")
    canvas.shape([(738, 590), (764, 300), (836, 300), (862, 590)], PAPER)
    canvas.shape([(748, 480), (756, 400), (844, 400), (852, 480)], RED)
    canvas.box(752, 188, 848, 300, INK)
    canvas.box(764, 198, 836, 236, LAMP)
    canvas.box(764, 246, 836, 288, LAMP)
    canvas.shape([(742, 190), (800, 138), (858, 190)], RED)


def comet(canvas: Canvas) -> None:
    """Comet Dunmarrow: two lumps of ice and dust that meet at a waist, the smaller one redder."""
    canvas.stars(160, DOWN, seed=11)
    for step, (large, small) in enumerate((("#4b4a4c", "#4c4340"), ("#77757a", "#7b6862"), ("#a19ea2", "#a88c82"))):
        shift = step * 26
        canvas.disc(640 - shift, 480 - shift, 300 - step * 42, large, 0.86)
        canvas.disc(1085 - shift, 380 - shift, 190 - step * 34, small, 0.92)
        canvas.disc(905 - shift, 420 - shift, 120 - step * 24, large, 0.8)
    for x, y, radius in (
        (520, 400, 46),
        (640, 560, 60),
        (720, 380, 30),
        (470, 540, 34),
        (1060, 330, 36),
        (1120, 420, 24),
    ):
        canvas.disc(x, y, radius, "#5c5a5f", 0.8)
        canvas.disc(x + 8, y + 7, radius * 0.76, "#8a878c", 0.8)


def orbit(canvas: Canvas) -> None:
    """The first lap of Thistledown around the comet, with a mark for each of its fifteen days."""
    canvas.stars(120, DOWN, seed=22)
    canvas.ring(800, 450, 330, 5, "#6f7f97")
    for day in range(15):
        angle = math.radians(day * 24 - 90)
        canvas.disc(800 + 330 * math.cos(angle), 450 + 330 * math.sin(angle), 9, "#9fb0c8")
    canvas.disc(765, 462, 74, "#8d8a8f", 0.86)
    canvas.disc(862, 432, 46, "#97827a", 0.92)
    canvas.line(arc(800, 450, 330, -90, -30), 12, LAMP)
    x, y = arc(800, 450, 330, -30, -30, 2)[0]
    for side in (-1, 1):
        canvas.box(x + min(side * 30, side * 150), y - 24, x + max(side * 30, side * 150), y + 24, RIVER, PAPER)
    canvas.box(x - 32, y - 36, x + 32, y + 36, PAPER)
    canvas.disc(x, y - 52, 26, SNOW, 0.5)


def lanterns(canvas: Canvas) -> None:
    """Lanterns with handles on the canal of Mellin, on the night of the harvest."""
    canvas.sky(DUSK, 420)
    canvas.stars(60, 260, seed=3)
    for x in range(-60, 1700, 150):
        canvas.box(x + 52, 300, x + 70, 430, NIGHT)
        canvas.disc(x + 60, 290, 86, "#0d1626", 0.8)
    canvas.box(0, 420, ACROSS, DOWN, "#16324a")
    afloat = (
        (180, 470, 30), (330, 520, 38), (560, 480, 32), (760, 560, 50), (1010, 510, 40), (1250, 480, 32),
        (1420, 590, 58), (430, 650, 64), (1130, 690, 74),
    )  # fmt: skip
    for number, (x, y, size) in enumerate(afloat):
        canvas.ring(x, y - size * 1.2, size * 0.7, 5, STONE)
        canvas.shape(
            [(x - size, y - size), (x + size, y - size), (x + size * 0.8, y + size), (x - size * 0.8, y + size)], LAMP
        )
        canvas.box(x - size * 0.9, y + size - 6, x + size * 0.9, y + size + 6, RED if number % 2 else OCHRE)
        for ripple in range(3):
            half = size * (0.9 - ripple * 0.22)
            canvas.box(x - half, y + size * 1.5 + ripple * 20, x + half, y + size * 1.5 + ripple * 20 + 7, "#b5924e")


def boat(canvas: Canvas) -> None:
    """The library boat on the gravel of Withy Bend: a grain barge with shelves behind its windows."""
    canvas.sky(("#dfe8e4", "#e7ece2", "#eff0df"), 430)
    for x in range(60, 1600, 210):
        canvas.line([(x, 460), (x + 18, 250)], 14, MOSS)
        for bend in (-90, -50, 0, 48, 88):
            canvas.line([(x + 18, 240), (x + 18 + bend, 300), (x + 18 + bend * 1.3, 430)], 7, GRASS)
    canvas.box(0, 430, ACROSS, 560, GRASS)
    canvas.shape([(0, 560), (ACROSS, 530), (ACROSS, 900), (0, 900)], SAND)
    canvas.shape([(0, 780), (500, 745), (1100, 790), (1600, 760), (1600, 900), (0, 900)], RIVER)
    canvas.shape([(260, 560), (1370, 560), (1290, 720), (360, 720)], INK)
    canvas.box(270, 560, 1360, 584, RED)
    canvas.box(420, 420, 1200, 560, PAPER)
    canvas.box(400, 400, 1220, 424, RED)
    for number in range(6):
        left = 446 + number * 126
        canvas.box(left, 446, left + 96, 536, INK)
        for book in range(7):
            top = 462 + (book * 7 + number * 5) % 22
            canvas.box(
                left + 8 + book * 12, top, left + 16 + book * 12, 530, (ROSE, OCHRE, RIVER, SNOW)[(book + number) % 4]
            )
    canvas.line([(1230, 700), (1420, 640), (1560, 610)], 12, STONE)


def turbines(canvas: Canvas) -> None:
    """Wind turbines on the steppe of Zhelsaz."""
    canvas.sky(("#bcd3dc", "#cbdcdf", "#dae5e0", "#e9ecdf"), 620)
    canvas.disc(520, 210, 80, SNOW)
    canvas.shape([(0, 600), (500, 560), (1000, 610), (1600, 550), (1600, 900), (0, 900)], "#c9b878")
    canvas.shape([(0, 720), (600, 680), (1600, 740), (1600, 900), (0, 900)], "#b3a05f")
    for x, foot, size, turn in ((1340, 600, 150, 12), (1100, 620, 190, 50), (780, 640, 250, 84), (220, 700, 330, 28)):
        hub = foot - size * 1.35
        canvas.shape(
            [(x - size * 0.04, foot), (x - size * 0.02, hub), (x + size * 0.02, hub), (x + size * 0.04, foot)], SNOW
        )
        for blade in range(3):
            angle = math.radians(turn + blade * 120)
            along = (math.cos(angle), math.sin(angle))
            wide = size * 0.045
            tip = (x + size * along[0], hub + size * along[1])
            side = (x + size * 0.25 * along[0] - wide * along[1], hub + size * 0.25 * along[1] + wide * along[0])
            canvas.shape([(x, hub), side, tip], SNOW)
        canvas.disc(x, hub, size * 0.05, STONE)


def footbridge(canvas: Canvas) -> None:
    """The Weavers' Footbridge at Torrel, which hung from two chains that were not quite of one length."""
    canvas.sky(("#e6dcd0", "#ece3d6", "#f2eadd"), 560)
    canvas.shape([(0, 560), (ACROSS, 560), (ACROSS, DOWN), (0, DOWN)], RIVER)
    for number in range(5):
        canvas.line(wave(0, ACROSS, 640 + number * 50, 6, 60 + number * 9), 4, "#7aa5b4")
    canvas.shape([(0, 430), (230, 470), (270, 640), (0, 700)], MOSS)
    canvas.shape([(1600, 440), (1370, 470), (1330, 640), (1600, 700)], MOSS)
    for depth, colour in ((46, STONE), (0, INK)):
        chain = [(x, 190 + depth * 0.3 + (250 - depth) * (1 - ((x - 800) / 520) ** 2)) for x in range(280, 1321, 20)]
        deck = [(x, 500 + depth * 0.4 - 30 * (1 - ((x - 800) / 520) ** 2)) for x in range(280, 1321, 20)]
        for hung, held in zip(chain[2:-2:2], deck[2:-2:2], strict=True):
            canvas.line([hung, held], 3, colour)
        canvas.line(chain, 9, colour)
        canvas.line(deck, 16, colour)
    for x in (280, 1320):
        canvas.box(x - 44, 170, x + 44, 640, "#a59a8a")
        canvas.shape([(x - 60, 172), (x, 110), (x + 60, 172)], INK)


def fish_ladder(canvas: Canvas) -> None:
    """The foot of the fish ladder at Torrel, eleven centimetres above the water, and eels below it."""
    canvas.shape([(1040, 0), (1600, 0), (1600, 900), (900, 900)], "#2b3846")
    canvas.shape([(260, -20), (120, 640), (760, 640), (420, -20)], "#31456a")
    canvas.shape([(1600, 60), (1600, 180), (700, 560), (660, 520)], STONE)
    for number in range(15):
        x = 700 + number * 62
        canvas.line([(x, 512 - number * 26), (x + 30, 470 - number * 26)], 9, OCHRE)
    canvas.box(0, 640, ACROSS, DOWN, "#234a5e")
    canvas.line(wave(0, ACROSS, 640, 5, 50), 6, RIVER)
    for number, (x, y) in enumerate(((180, 720), (420, 690), (560, 780), (300, 820), (700, 700), (820, 800))):
        eel = [(x + step * 8, y + 14 * math.sin(step / 2.2 + number)) for step in range(16)]
        canvas.line(eel, 11, LAMP if number == 4 else SAND)
    canvas.disc(330, 20, 60, LAMP)


def ladder(canvas: Canvas) -> None:
    """A three-legged ladder in a pear tree of Mellin."""
    canvas.sky(("#efe2c6", "#f3e8d0", "#f7eedb"), 760)
    canvas.box(0, 760, ACROSS, DOWN, GRASS)
    canvas.shape([(1030, 780), (1060, 420), (1130, 420), (1150, 780)], "#6d5440")
    for x, y, radius in ((1090, 300, 250), (900, 380, 150), (1290, 390, 160), (1090, 180, 150)):
        canvas.disc(x, y, radius, MOSS)
    for x, y in ((860, 430), (980, 250), (1060, 420), (1170, 230), (1260, 350), (1340, 460), (1120, 110), (930, 330)):
        canvas.disc(x, y + 16, 26, OCHRE)
        canvas.disc(x, y - 12, 16, OCHRE)
        canvas.line([(x, y - 24), (x + 6, y - 44)], 5, "#6d5440")
    canvas.line([(600, 830), (770, 250)], 18, INK)
    canvas.line([(860, 830), (800, 250)], 18, INK)
    canvas.line([(1020, 830), (790, 262)], 14, STONE)
    for rung in range(9):
        y = 780 - rung * 60
        share = (830 - y) / 580
        canvas.line([(600 + 170 * share, y), (860 - 60 * share, y)], 12, INK)
