"""Words that mean the same in a shop, so that an example with "parcel" also teaches "package".

Each concept: its name in capitals, then words and word beginnings (with `*`). English; another language is another
table.
"""

ENGLISH = """
PARCEL parcel* package* packet* delivery deliveries shipment* consignment* pacage* packge* box stuff
    things goods
ORDER order orders ordered purchase purchases purchased oder bought
SEND send sends sending sent ship ships shipped shipping shiped shiping dispatch* post posted posting
    deliver delivers delivered delivering mailed
ARRIVE arriv* come comes coming came reach* here turn* receiv* reciev* recived get gets got getting
TRACK track* trace locate status whereabouts follow*
PERSON person people human* humn* someone somebody anyone employee* colleague* agent* operator*
    representative* rep staff assistant manager* supervisor adviser advisor team member
TALK talk* speak* chat* call* phone* ring connect transfer contact* reach
BOT bot robot machine computer chatbot program ai software automatic automated
REFUND refund* reimburs* money cashback repay* payback refnd
RETURN return* retrun* sendback bring* give take
EXCHANGE exchang* exhang* swap* replac* trade change
CANCEL cancel* cancle* revoke withdraw abort annul
BROKEN broke* damage* crack* smash* shatter* torn tore rip ripped hole holes faulty fault defect*
    scratch* stain* leak* bent snapped ruined chipped pieces unusable spoiled
WRONG wrong incorrect different mistake mixed mistaken
MISSING missing lost vanish* disappear* incomplete
BAD awful terrible horrible worst rubbish disgust* pathetic shock* ridiculous outrageous unacceptable
    disgrace* appalling lousy crap useless joke scam
THIEF crook* thief thieves scammer* fraud* liar* cheat* robber* bastard* idiot* moron*
PAY pay pays paying paid payment* pament checkout
PRICE price* cost* expensive charge* fee fees much worth
CARD card cards visa mastercard amex debit credit bank
INVOICE invoice* invoce receipt* bill vat accountant accounting bookkeep*
CODE code codes coupon* voucher* promo* discount* rebate
GIFT gift* present presents birthday christmas
WRAP wrap* packag* ribbon
SIZE size* sizing fit fits fitting tall waist chest height weigh cm measure*
SMALLER small smaller tight short narrow
BIGGER big bigger large larger wide loose
COLOUR colour* color* shade* black white grey gray blue navy green red yellow orange brown beige pink
    purple
WASH wash* clean* laundry iron* tumble dry dryer dishwasher bleach care stain*
WARRANTY warrant* guarant* waranty repair* spare
STOCK stock restock* available availability avail* sold left
ACCOUNT account acount profile register* registration signup membership
LOGIN login log sign password* pasword passwort pin
NEWSLETTER newsletter* mailing spam unsubscribe* subscribe* subscription advert*
DATA data gdpr privacy private personal cookies confidential tracking
POINTS points loyalty loyality bonus rewards club
HOURS open opens opening openning close closes closing hours weekend* sunday* saturday* holiday*
WHERE where located location address adress street city
STORE shop store branch showroom warehouse
JOB job jobs hiring vacanc* career* cv internship work position*
EMAIL email emails mail mails e-mail
THANKS thank* thx tnx cheers appreciate* grateful ty aciu
HELLO hello helo hi hii hiya hey heya hallo greetings labas howdy
BYE bye goodbye ciao cya farewell
JOKE joke* funny laugh* humour
CHEAP cheap* affordable inexpensive budget pricey
SHOW show see view display browse find search* look* list
WANT want* need* like love wish* fancy after
MORE more other others another else further
DETAIL detail* info information describe* description material* made weight dimension* spec*
ABROAD abroad international* overseas germany france spain italy poland latvia estonia lithuania sweden
    norway finland denmark portugal ireland england uk scotland usa america canada switzerland austria
    belgium netherlands holland greece country countries europe eu outside
COURIER courier* carrier* postman driver locker* dhl dpd ups
CONFIRM confirm*
LATE late delay* slow overdue waiting wait days weeks
WEBSITE website site page app
OPTION option* variant* version* type* kind*
STOP stop never nevermind forget skip leave drop quit
"""
# everyday things a shop like this sells: an example with "tent" teaches "lantern"
THINGS = """
jacket* coat* anorak* parka* vest* sweater* jumper* pullover* hoodie* fleece shirt* t-shirt* tee trouser*
pants jeans shorts legging* sock* hat* cap beanie* scarf* scarves glove* mitten* boot* shoe* sandal*
slipper* tent* tarp* backpack* rucksack* bag* bags pouch* sleeping mat mats mattress* hammock* stove*
cooker* pan pans pot pots kettle* mug* cup* plate* bowl* knife knives axe* bottle* flask* thermos lamp*
lantern* headlamp* torch* light* candle* blanket* throw* quilt* duvet* cushion* pillow* towel* rug*
basket* vase* chair* table* poncho* raincoat* umbrella* compass* rope* apron* jug* teapot* linen sheet*
bedding curtain* brush* soap*
"""


def _table() -> tuple[dict[str, str], list[tuple[str, str]]]:
    exact: dict[str, str] = {}
    starts: list[tuple[str, str]] = []
    concept = ""
    for word in f"{ENGLISH} THING {THINGS}".split():
        if word.isupper():
            concept = word
        elif word.endswith("*"):
            starts.append((word[:-1], concept))
        else:
            exact.setdefault(word, concept)
    starts.sort(key=lambda item: -len(item[0]))
    return exact, starts


_EXACT, _STARTS = _table()
_KNOWN: dict[str, str] = {}


def concept(word: str) -> str:
    """The concept of a lower-case word, else the word."""
    found = _KNOWN.get(word)
    if found is None:
        found = _EXACT.get(word) or next((name for start, name in _STARTS if word.startswith(start)), word)
        if len(_KNOWN) < 20_000:
            _KNOWN[word] = found
    return found
