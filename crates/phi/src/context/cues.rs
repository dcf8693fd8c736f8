//! The words that name identifiers: the one table that decides what a bare number is.

use super::Says;
use crate::Class;

/// What `word` says of the value after it; `before` is the word before it. Both in lower case.
pub(crate) fn cue(word: &[u8], before: &[u8]) -> Says {
    if let Some(class) = alone(word).or_else(|| paired(word, before)) {
        return Says::Is(class);
    }
    if is_harmless(word) { Says::Harmless } else { Says::Nothing }
}

/// Words that name a class by themselves.
fn alone(word: &[u8]) -> Option<Class> {
    Some(match word {
        b"mrn" | b"mrns" | b"mrno" | b"emrn" | b"csn" | b"medrec" | b"patientmrn" | b"nhs"
        | b"patientid" | b"empi" | b"mpi" => Class::Mrn,
        b"ssn" | b"ssns" | b"ss" | b"socsec" | b"patientssn" => Class::Ssn,
        b"npi" | b"npis" => Class::Npi,
        b"mbi" => Class::Mbi,
        b"phone" | b"phones" | b"telephone" | b"tel" | b"tele" | b"mobile" | b"pager" | b"call"
        | b"called" | b"calling" | b"dial" | b"ring" | b"sms" | b"whatsapp" | b"ph"
        | b"callback" | b"hotline" | b"voicemail" | b"phonenumber" | b"landline" | b"telefon" => {
            Class::Phone
        }
        b"fax" | b"faxes" | b"facsimile" | b"faxed" | b"telefax" => Class::Fax,
        b"account" | b"accounts" | b"acct" | b"accountno" | b"acctno" | b"accountnumber" => {
            Class::Account
        }
        b"license" | b"licence" | b"lic" | b"dl" | b"passport" | b"dea" | b"licensure"
        | b"driverslicense" => Class::Licence,
        b"subscriber" | b"hicn" | b"medicaid" | b"medicare" | b"beneficiary" | b"memberid" => {
            Class::HealthPlan
        }
        b"vin" => Class::Vin,
        b"plate" | b"plates" | b"numberplate" | b"licenseplate" => Class::Plate,
        b"serial" | b"imei" | b"udi" | b"meid" | b"deviceid" | b"serialno" => Class::DeviceId,
        b"zip" | b"zipcode" | b"postcode" | b"postal" | b"plz" => Class::Zip,
        _ => return None,
    })
}

/// Words that name a class together with the word before them.
fn paired(word: &[u8], before: &[u8]) -> Option<Class> {
    let numbered = matches!(
        word,
        b"id" | b"ids" | b"identifier" | b"number" | b"numbers" | b"no" | b"num" | b"nr" | b"code"
    );
    Some(match (word, before) {
        (
            b"record" | b"records" | b"rec",
            b"medical" | b"med" | b"health" | b"hospital" | b"clinical",
        ) => Class::Mrn,
        (b"security" | b"sec", b"social" | b"soc") => Class::Ssn,
        (b"identifier", b"provider") => Class::Npi,
        (b"beneficiary", b"medicare") => Class::Mbi,
        (b"plan" | b"insurance", b"health" | b"insurance") => Class::HealthPlan,
        (b"n", b"s") => Class::DeviceId,
        (b"c", b"a") => Class::Account,
        (b"identification", b"vehicle") => Class::Vin,
        (b"registration" | b"reg", b"vehicle" | b"car" | b"truck") => Class::Plate,
        (b"certificate", b"birth" | b"death" | b"marriage") => Class::Licence,
        (b"cell", b"patient" | b"her" | b"his" | b"my" | b"home" | b"work" | b"or" | b"s") => {
            Class::Phone
        }
        _ if numbered => return numbered_thing(before),
        _ => return None,
    })
}

/// "<thing> number", "<thing> id", "<thing> #".
fn numbered_thing(thing: &[u8]) -> Option<Class> {
    Some(match thing {
        b"patient" | b"pt" | b"patients" | b"hospital" | b"chart" | b"encounter" | b"visit"
        | b"admission" | b"unit" | b"case" | b"subject" | b"participant" | b"record" | b"mr"
        | b"specimen" => Class::Mrn,
        b"ss" => Class::Ssn,
        b"member" | b"policy" | b"insurance" | b"insured" | b"plan" | b"group" | b"payer"
        | b"enrollee" | b"hic" | b"claim" => Class::HealthPlan,
        b"certificate" | b"cert" | b"driver" | b"drivers" | b"permit" | b"visa" => Class::Licence,
        b"device" | b"implant" | b"pacemaker" | b"implanted" | b"pump" | b"sn" => Class::DeviceId,
        b"registration" | b"reg" | b"tag" => Class::Plate,
        b"cell" | b"contact" | b"home" | b"work" | b"emergency" => Class::Phone,
        b"bank" | b"billing" | b"customer" => Class::Account,
        _ => return None,
    })
}

/// Whether the class's cue counts even with stray words between it and the value.
pub(crate) fn reaches(class: Class) -> bool {
    matches!(class, Class::Mrn | Class::Ssn | Class::Npi | Class::Mbi | Class::Phone | Class::Fax)
}

/// Words that say that a number is no identifier of a person.
fn is_harmless(word: &[u8]) -> bool {
    matches!(
        word,
        b"token"
            | b"tokens"
            | b"byte"
            | b"bytes"
            | b"count"
            | b"counts"
            | b"total"
            | b"pmid"
            | b"pmcid"
            | b"pmc"
            | b"nct"
            | b"doi"
            | b"isbn"
            | b"issn"
            | b"orcid"
            | b"seed"
            | b"timestamp"
            | b"ts"
            | b"time"
            | b"epoch"
            | b"version"
            | b"ver"
            | b"v"
            | b"build"
            | b"port"
            | b"size"
            | b"latency"
            | b"ms"
            | b"ns"
            | b"seconds"
            | b"duration"
            | b"cost"
            | b"price"
            | b"usd"
            | b"amount"
            | b"budget"
            | b"lines"
            | b"page"
            | b"pages"
            | b"index"
            | b"offset"
            | b"hash"
            | b"trace"
            | b"span"
            | b"sequence"
            | b"seq"
            | b"length"
            | b"len"
            | b"max"
            | b"min"
            | b"limit"
            | b"sum"
            | b"mean"
            | b"median"
            | b"n"
            | b"status"
            | b"created"
            | b"updated"
            | b"usage"
            | b"nanos"
            | b"micros"
            | b"unix"
            | b"revision"
            | b"rev"
            | b"pid"
            | b"population"
            | b"reads"
            | b"cells"
            | b"accession"
    )
}

/// Words between a cue and its value that change nothing.
pub(crate) fn is_filler(word: &[u8]) -> bool {
    is_id(word)
        || matches!(
            word,
            b"number"
                | b"numbers"
                | b"no"
                | b"nos"
                | b"num"
                | b"nr"
                | b"nbr"
                | b"is"
                | b"was"
                | b"are"
                | b"of"
                | b"for"
                | b"the"
                | b"a"
                | b"an"
                | b"s"
                | b"code"
                | b"codes"
                | b"value"
                | b"ref"
                | b"reference"
                | b"and"
                | b"or"
                | b"at"
                | b"to"
                | b"on"
                | b"as"
                | b"patient"
                | b"pt"
                | b"her"
                | b"his"
                | b"their"
                | b"my"
                | b"your"
                | b"me"
                | b"us"
                | b"him"
                | b"them"
                | b"new"
                | b"old"
                | b"current"
                | b"primary"
                | b"main"
                | b"home"
                | b"work"
                | b"cell"
                | b"equals"
                | b"be"
                | b"state"
                | b"string"
                | b"plus"
                | b"about"
                | b"direct"
                | b"office"
                | b"line"
                | b"clinic"
                | b"now"
                | b"has"
                | b"been"
                | b"under"
                | b"with"
                | b"that"
                | b"confirmed"
                | b"valid"
                | b"plan"
                | b"card"
        )
}

pub(crate) fn is_id(word: &[u8]) -> bool {
    matches!(word, b"id" | b"ids" | b"identifier")
}

/// Words that say that a day stands after them.
pub(crate) fn is_date(word: &[u8], before: &[u8]) -> bool {
    matches!(
        word,
        b"dob"
            | b"birth"
            | b"born"
            | b"birthdate"
            | b"birthday"
            | b"date"
            | b"dates"
            | b"dated"
            | b"admitted"
            | b"admission"
            | b"admit"
            | b"adm"
            | b"discharge"
            | b"discharged"
            | b"seen"
            | b"visit"
            | b"visited"
            | b"died"
            | b"death"
            | b"deceased"
            | b"dod"
            | b"dos"
            | b"doa"
            | b"surgery"
            | b"scheduled"
            | b"appointment"
            | b"appt"
            | b"since"
            | b"until"
            | b"followup"
            | b"expired"
            | b"onset"
            | b"operated"
            | b"bday"
            | b"presented"
            | b"transferred"
            | b"collected"
            | b"performed"
            | b"dx"
            | b"diagnosed"
    ) || matches!((word, before), (b"up", b"follow") | (b"c", b"d") | (b"u", b"f"))
}

/// Words that say that an age stands after them.
pub(crate) fn is_age(word: &[u8]) -> bool {
    matches!(word, b"age" | b"aged" | b"ages" | b"turned" | b"turning" | b"turns")
}
