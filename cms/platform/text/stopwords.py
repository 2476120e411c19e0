"""Words that stand in every text and tell none from another, by language."""


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


STOP_WORDS: dict[str, frozenset[str]] = {
    "en": _words(
        "a about above after again against all also am an and any are as at be because been before being "
        "below between both but by can could did do does doing down during each even few for from further get "
        "had has have having he her here hers herself him himself his how i if in into is it its itself just "
        "like made make many may me might more most much must my new news no nor not now of off on once one only "
        "or other our ours out over own per said same say says she should since so some still such than that "
        "the their theirs them then there these they this those through to too two under until up upon us "
        "very was we were what when where which while who whom why will with within without would year years "
        "yet you your yours mr mrs ms it's don't didn't isn't wasn't can't won't"
    ),
    "ru": _words(
        "а без более бы был была были было быть в вам вас весь во вот все всё всего всех вы где да даже для "
        "до его ее её если есть еще ещё же за здесь и из или им их к как кто когда ко который которая которые "
        "ли либо между меня мне может мы на над нам нас не него нее неё нет ни них но ну о об однако он она "
        "они оно от по под при с со сам свой себя так также такой там те тем то того тоже той только том ты у "
        "уже хотя чего чей чем через что чтобы эта эти это этого этой этом этот я"
    ),
    "kk": _words(
        "ал алайда арқылы бар барлық басқа бер беру біз бірақ бір болады болды болған болып бойынша бұл бұрын "
        "да де деген деп дейді екі еді емес ең және жоқ керек кейін кезде мен мұнда мына неше не немесе ол "
        "олар осы осындай өз өзі сол сондай сіз та тағы те туралы үшін қана қазір қандай шейін яғни өте"
    ),
}

# Characters that join or close Chinese words rather than make them; a pair with one of them says little.
STOP_CHARACTERS = frozenset(
    "的了是在和与及或也都就而着之其这那有不我你他她它们个为以于从到对把被让还很更最又但将会能可已并等说上中下"
)
