"""Words too common to look for. They are neither indexed nor asked for, and take no place in a phrase.

Words that a newsroom also writes as names stay searchable: US, WHO, May.
"""

ENGLISH = """
    a about above after again all also although am an and any are as at be because been before being below between
    both but by can cannot could did do does doing done down during each either else ever every few for from further
    had has have having he her here hers herself him himself his how however i if in into is it its itself just
    ll me might more most much must my myself neither no nor not now of off on once only onto or other our ours
    ourselves out over own quite rather re s same shall she should since so some such t than that the their theirs
    them themselves then there these they this those though through thus to too under until up upon ve very was
    we were what when where whether which while whom whose why will with within without would yet you your yours
    yourself
"""
RUSSIAN = """
    а без бы был была были было в во вот вы да до его ее если же за и из или им их к как ко когда который мы на над
    не него нее нет но о об он она они от по под при с со так также то того тоже только у уже чем что чтобы эта эти
    это этот я
"""
KAZAKH = "бұл бірақ да де деп және жөнінде мен не ол осы сол туралы үшін"
STOP_WORDS = frozenset(f"{ENGLISH} {RUSSIAN} {KAZAKH}".split())
