"""Languages of tracks, which anybody may have written, as manifests and files may show them."""

from __future__ import annotations

import re

_TAG = re.compile(r"([A-Za-z]{2,3})((?:-[A-Za-z0-9]{2,8})*)")
_UNDETERMINED = {"und", "mis", "zxx"}

# ISO 639: two letters, three letters, and the three letters of libraries where they differ.
_CODES = (
    "aa:aar ab:abk ae:ave af:afr ak:aka am:amh an:arg ar:ara as:asm av:ava ay:aym az:aze ba:bak "
    "be:bel bg:bul bh:bih bi:bis bm:bam bn:ben bo:bod/tib br:bre bs:bos ca:cat ce:che ch:cha "
    "co:cos cr:cre cs:ces/cze cu:chu cv:chv cy:cym/wel da:dan de:deu/ger dv:div dz:dzo ee:ewe "
    "el:ell/gre en:eng eo:epo es:spa et:est eu:eus/baq fa:fas/per ff:ful fi:fin fj:fij fo:fao "
    "fr:fra/fre fy:fry ga:gle gd:gla gl:glg gn:grn gu:guj gv:glv ha:hau he:heb hi:hin ho:hmo "
    "hr:hrv ht:hat hu:hun hy:hye/arm hz:her ia:ina id:ind ie:ile ig:ibo ii:iii ik:ipk io:ido "
    "is:isl/ice it:ita iu:iku ja:jpn jv:jav ka:kat/geo kg:kon ki:kik kj:kua kk:kaz kl:kal "
    "km:khm kn:kan ko:kor kr:kau ks:kas ku:kur kv:kom kw:cor ky:kir la:lat lb:ltz lg:lug li:lim "
    "ln:lin lo:lao lt:lit lu:lub lv:lav mg:mlg mh:mah mi:mri/mao mk:mkd/mac ml:mal mn:mon "
    "mr:mar ms:msa/may mt:mlt my:mya/bur na:nau nb:nob nd:nde ne:nep ng:ndo nl:nld/dut nn:nno "
    "no:nor nr:nbl nv:nav ny:nya oc:oci oj:oji om:orm or:ori os:oss pa:pan pi:pli pl:pol ps:pus "
    "pt:por qu:que rm:roh rn:run ro:ron/rum ru:rus rw:kin sa:san sc:srd sd:snd se:sme sg:sag "
    "si:sin sk:slk/slo sl:slv sm:smo sn:sna so:som sq:sqi/alb sr:srp ss:ssw st:sot su:sun "
    "sv:swe sw:swa ta:tam te:tel tg:tgk th:tha ti:tir tk:tuk tl:tgl tn:tsn to:ton tr:tur ts:tso "
    "tt:tat tw:twi ty:tah ug:uig uk:ukr ur:urd uz:uzb ve:ven vi:vie vo:vol wa:wln wo:wol xh:xho "
    "yi:yid yo:yor za:zha zh:zho/chi zu:zul"
)
_THREE_LETTERS: dict[str, str] = dict(re.findall(r"(\w\w):(\w{3})", _CODES))
_TWO_LETTERS: dict[str, str] = {
    code: two
    for two, three, library in re.findall(r"(\w\w):(\w{3})(?:/(\w{3}))?", _CODES)
    for code in (three, library)
    if code
}


def language_tag(text: str) -> str:
    """The BCP 47 tag for a source's own word for its language; empty if that says nothing."""
    match = _TAG.fullmatch(text.strip().replace("_", "-"))
    if match is None:
        return ""
    primary, subtags = match[1].lower(), match[2]
    primary = _TWO_LETTERS.get(primary, primary)
    if primary in _UNDETERMINED or (len(primary) == 2 and primary not in _THREE_LETTERS):
        return ""
    return primary + subtags


def iso_639_2(text: str) -> str:
    """The three letters that MP4 has room for; empty if the word for the language says nothing."""
    primary = language_tag(text).partition("-")[0]
    return _THREE_LETTERS.get(primary, primary)
