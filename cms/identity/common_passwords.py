"""Long passwords that are guessed first, offline: two common words, a known phrase, or two rows of keys in turns.

The list is composed and not kept: with 15 characters a guesser does not try words any more but joins them, puts digits
around and between, and takes sentences that everybody knows. `covered` names what is refused, without those digits.
"""

import functools
import re
from collections.abc import Iterator
from itertools import chain

SHORTEST_ENTRY = 15
MOST_DIGITS_AROUND = 8
SHORTEST_WALK = 10
MOST_AROUND_A_WALK = 6
NOT_LETTERS = re.compile(r"[\W_]+")
DIGITS = re.compile(r"\d+")
DIGIT_ROWS = ("1234567890", "0987654321", "0123456789", "9876543210")
LETTER_ROWS = (
    "qwertyuiop", "qwertzuiop", "azertyuiop", "asdfghjkl", "zxcvbnm", "abcdefghij", "poiuytrewq", "lkjhgfdsa",
    "mnbvcxz", "jihgfedcba",
)  # fmt: skip

# What is joined in twos: words of weak passwords, names, teams, towns, animals, seasons, colours, food, devices.
WORD_TEXT = """
    password passwort passphrase passcode mypassword newpassword oldpassword thepassword adminpassword pass secret
    mysecret topsecret private secure security welcome welcometo letmein letmeinplease changeme changeit please default
    access login logon account admin administrator root user username guest master test testing tester demo example
    temp temporary qwerty qwertz azerty qwertyuiop asdf asdfgh asdfghjkl zxcvbn zxcvbnm abc abcd abcdef abcdefg hello
    helloworld world goodbye good bad morning night day today tomorrow forever always never ever nothing something
    everything whatever nobody somebody people person friend friends bestfriend family mother father mom mum dad daddy
    mommy mama papa sister brother baby babygirl babyboy girl boy woman man wife husband love lover loveyou iloveyou
    ilove ihate iam iamthe mylove truelove heart sweetheart darling honey sweetie angel princess prince queen king kings
    god jesus christ jesuschrist heaven hell devil satan church faith hope peace freedom liberty justice truth dream
    dreams dreamer life live happy happiness lucky luck beautiful pretty sexy hot cool crazy awesome amazing super mega
    ultra power strong number one two three four five six seven eight nine ten zero hundred thousand million
    computer laptop keyboard internet google facebook twitter instagram youtube microsoft windows apple android iphone
    samsung linux ubuntu oracle server network system database website email office company business work worker money
    bitcoin crypto bank dollar euro credit card house home garden kitchen school college university student teacher
    doctor nurse police soldier army captain commander general boss chief hero ninja pirate samurai warrior knight
    wizard magic merlin gandalf hobbit frodo dragon dragons phoenix unicorn monster vampire zombie ghost shadow
    dark light black white red blue green yellow orange purple pink brown silver golden gold diamond crystal
    sun sunshine sunflower sunny moon moonlight star stars starwars startrek skywalker spaceship galaxy universe planet
    earth fire water ocean river mountain forest flower flowers rose roses butterfly rainbow thunder lightning storm
    snow winter spring summer autumn january february march april may june july august september october november
    december monday tuesday wednesday thursday friday saturday sunday birthday christmas holiday party
    dog dogs doggy puppy cat cats kitty kitten tiger tigers lion lions bear bears wolf wolves eagle eagles hawk falcon
    monkey donkey horse horses pony rabbit bunny mouse elephant dolphin dolphins shark panda penguin chicken turtle
    football baseball basketball soccer hockey tennis rugby cricket golf boxing wrestling player team champion champions
    liverpool chelsea arsenal manchester united manchesterunited city barcelona realmadrid madrid juventus bayern munich
    dortmund celtic rangers everton tottenham spartak zenit dynamo cowboys yankees redsox lakers steelers patriots
    packers broncos raiders giants london paris berlin moscow newyork york boston chicago texas california florida
    america american england english france french germany german russia russian china chinese japan india canada
    michael jordan jennifer jessica ashley amanda nicole daniel david robert william thomas charles charlie george
    james john johnny joseph joshua matthew andrew anthony richard steven brandon jason justin kevin brian eric peter
    paul patrick alexander alex maria anna sarah laura linda michelle melissa samantha elizabeth victoria natasha
    batman superman spiderman ironman robin joker hulk marvel avengers pokemon pikachu mario nintendo playstation xbox
    minecraft fortnite gamer gaming game games music guitar piano metallica nirvana beatles eminem rocknroll rock
    chocolate cookie cookies cheese pizza burger coffee pepper ginger banana cherry strawberry peanut butter candy sugar
    ferrari porsche mercedes mustang corvette harley davidson yamaha toyota honda trustno trustnoone hunter killer
    fuckyou fuckoff fuck shit bitch asshole motherfucker bullshit
    пароль привет любовь люблю тебя солнце россия москва спартак наташа максим андрей сергей дима марина йцукен
"""
WORDS = frozenset(WORD_TEXT.split())
# Sentences that stand in every guesser's list, without spaces and signs; digits around or between make none better.
PHRASES = frozenset(
    "".join(line.split())
    for line in """
    this is my password
    this is a password
    this is the password
    this is my new password
    this is not my password
    this is not a password
    my password is password
    my password is secret
    my password is my password
    i forgot my password
    i forget my password
    what is my password
    what is the password
    enter your password
    enter your password here
    enter password here
    type your password here
    please enter password
    your password here
    change this password
    change my password
    change your password
    change me please
    please change me now
    please let me in
    let me in please
    let me in now please
    open the door please
    open sesame please
    no more passwords
    i hate passwords
    i hate my password
    password is password
    the secret password
    my super secret password
    super secret password
    not a good password
    very strong password
    very secure password
    a very long password
    this is a very long password
    long enough password
    fifteen characters
    sixteen characters
    at least fifteen characters
    the quick brown fox
    the quick brown fox jumps
    quick brown fox jumps
    the quick brown fox jumps over the lazy dog
    jumps over the lazy dog
    lorem ipsum dolor
    lorem ipsum dolor sit amet
    to be or not to be
    to be or not to be that is the question
    that is the question
    may the force be with you
    the force be with you
    i am your father
    luke i am your father
    live long and prosper
    winter is coming
    you know nothing jon snow
    one ring to rule them all
    you shall not pass
    my precious precious
    harry potter and the
    expecto patronum
    once upon a time
    happily ever after
    in the beginning
    in god we trust
    god is love forever
    jesus loves me
    jesus is my savior
    jesus christ is lord
    the lord is my shepherd
    our father who art in heaven
    god bless america
    god save the queen
    god save the king
    make america great again
    yes we can yes we can
    i have a dream
    i love you forever
    i love you so much
    i love you too
    i love you very much
    i love you baby
    i love you more
    i love you always
    i love my mother
    i love my family
    i love my life
    i love my wife
    i love my husband
    i love my mom and dad
    i love my dog
    i love my cat
    i will always love you
    all you need is love
    love is all you need
    love you to the moon and back
    let it be let it be
    we are the champions
    we will rock you
    stairway to heaven
    highway to hell
    bohemian rhapsody
    smells like teen spirit
    dont worry be happy
    hakuna matata
    happy birthday to you
    merry christmas
    merry christmas to all
    happy new year
    good morning vietnam
    good morning sunshine
    hello my name is
    hello darkness my old friend
    hello world hello
    what does the fox say
    never gonna give you up
    you never walk alone
    youll never walk alone
    glory glory man united
    manchester city
    real madrid cf
    come on you gunners
    trust no one trust
    trust no one ever
    the truth is out there
    to infinity and beyond
    just do it just do it
    keep calm and carry on
    carpe diem carpe diem
    veni vidi vici
    alea iacta est
    cogito ergo sum
    i think therefore i am
    all your base are belong to us
    there is no spoon
    follow the white rabbit
    hack the planet
    correct horse battery
    correct horse battery staple
    battery horse staple
    four random words
    twinkle twinkle little star
    mary had a little lamb
    old macdonald had a farm
    row row row your boat
    roses are red
    roses are red violets are blue
    an apple a day
    an apple a day keeps the doctor away
    the early bird
    time is money
    money money money
    knowledge is power
    practice makes perfect
    better late than never
    nothing is impossible
    impossible is nothing
    never say never
    never give up never
    welcome to the jungle
    welcome to my world
    welcome to my life
    welcome to hell
    ya lyublyu tebya
    я люблю тебя
    я тебя люблю
    это мой пароль
    мой пароль пароль
    wo ai ni wo ai ni
    woaini woaini woaini
    wo ai ni yi wan nian
    """.strip().splitlines()
)


def is_composed(plain: str) -> bool:
    """Whether a password in one spelling and lower case is on the list, with at most eight digits around or between."""
    squeezed = NOT_LETTERS.sub("", plain)
    if _is_walk(squeezed):
        return True
    letters = DIGITS.sub("", squeezed)
    if len(squeezed) - len(letters) > MOST_DIGITS_AROUND:
        return False
    return letters in WORDS or letters in PHRASES or _is_pair(letters)


def covered() -> Iterator[str]:
    """Every entry of at least 15 characters, without digits around; each once."""
    seen = {phrase for phrase in PHRASES if len(phrase) >= SHORTEST_ENTRY}
    seen.update(one + two for one in WORDS for two in WORDS if len(one) + len(two) >= SHORTEST_ENTRY)
    for walk in _walks():
        seen.update(walk[:end] for end in range(SHORTEST_ENTRY, len(walk) + 1))
    return iter(sorted(seen))


def _is_pair(letters: str) -> bool:
    return any(letters[:place] in WORDS and letters[place:] in WORDS for place in range(1, len(letters)))


def _is_walk(squeezed: str) -> bool:
    """Whether it is two rows in turns and little else: `1q2w3e4r5t6y7u8i`, `a1b2c3d4e5f6g7h8`."""
    starts = range(len(squeezed) - SHORTEST_WALK + 1)
    found = [(walk, at) for walk in _walks() for at in starts if squeezed[at : at + SHORTEST_WALK] in walk]
    return any(len(squeezed) - _length(walk, squeezed[at:]) <= MOST_AROUND_A_WALK for walk, at in found)


def _length(walk: str, text: str) -> int:
    return max(length for length in range(SHORTEST_WALK, len(text) + 1) if text[:length] in walk)


@functools.cache
def _walks() -> tuple[str, ...]:
    pairs = [(digits, letters) for digits in DIGIT_ROWS for letters in LETTER_ROWS]
    both = (*pairs, *((letters, digits) for digits, letters in pairs))
    return tuple("".join(chain.from_iterable(zip(one, two, strict=False))) for one, two in both)
