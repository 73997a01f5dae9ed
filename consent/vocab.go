package consent

import "strings"

// The vocabularies of the format. An unknown term in a permission permits nothing; in an exclusion or a refusal it
// counts as written. Consent format 1, 3 and 3.4.
var (
	modalities = set("face", "body", "voice", "motion", "name")
	purposes   = set("editorial", "editorial.news", "editorial.documentary", "entertainment", "entertainment.scripted",
		"entertainment.unscripted", "entertainment.music", "entertainment.game", "commercial", "commercial.advertising",
		"commercial.merchandise", "personal", "education", "research", "political", "test")
	contents = set("sexual", "nudity", "intimate", "violence", "political", "defamation", "medical", "drugs")
	// intimate content is excluded unless the person alone permits it.
	intimate = [...]string{"sexual", "nudity", "intimate"}
)

const everything = "*"

// under says whether a dotted term is another one or stands under it.
func under(term, top string) bool {
	return term == top || strings.HasPrefix(term, top) && term[len(top)] == '.'
}

// countries are the codes of ISO 3166-1 alpha-2.
const countries = " AD AE AF AG AI AL AM AO AQ AR AS AT AU AW AX AZ BA BB BD BE BF BG BH BI BJ BL BM BN BO BQ BR BS BT BV BW BY BZ" +
	" CA CC CD CF CG CH CI CK CL CM CN CO CR CU CV CW CX CY CZ DE DJ DK DM DO DZ EC EE EG EH ER ES ET FI FJ FK FM FO FR" +
	" GA GB GD GE GF GG GH GI GL GM GN GP GQ GR GS GT GU GW GY HK HM HN HR HT HU ID IE IL IM IN IO IQ IR IS IT JE JM JO JP" +
	" KE KG KH KI KM KN KP KR KW KY KZ LA LB LC LI LK LR LS LT LU LV LY MA MC MD ME MF MG MH MK ML MM MN MO MP MQ MR MS MT MU" +
	" MV MW MX MY MZ NA NC NE NF NG NI NL NO NP NR NU NZ OM PA PE PF PG PH PK PL PM PN PR PS PT PW PY QA RE RO RS RU RW" +
	" SA SB SC SD SE SG SH SI SJ SK SL SM SN SO SR SS ST SV SX SY SZ TC TD TF TG TH TJ TK TL TM TN TO TR TT TV TW TZ" +
	" UA UG UM US UY UZ VA VC VE VG VI VN VU WF WS YE YT ZA ZM ZW "

// members of the European Union.
const unionMembers = " AT BE BG CY CZ DE DK EE ES FI FR GR HR HU IE IT LT LU LV MT NL PL PT RO SE SI SK "

// country is the ISO 3166-1 code of a country or of a subdivision (ISO 3166-2); empty where the text is neither.
func country(code string) string {
	c, part, divided := strings.Cut(code, "-")
	if len(c) != 2 || !strings.Contains(countries, " "+c+" ") {
		return ""
	}
	if divided {
		if len(part) < 1 || len(part) > 3 {
			return ""
		}
		for i := 0; i < len(part); i++ {
			if !(part[i] >= 'A' && part[i] <= 'Z' || part[i] >= '0' && part[i] <= '9') {
				return ""
			}
		}
	}
	return c
}

func knownTerritory(code string) bool {
	return code == everything || code == "EU" || country(code) != ""
}

// territoryUnder says whether a territory is another one or lies within it: US-CA in US, FR and FR-75 in EU.
func territoryUnder(code, top string) bool {
	if code == top || top == everything {
		return true
	}
	c := country(code)
	if c == "" {
		return false
	}
	return c == top || top == "EU" && strings.Contains(unionMembers, " "+c+" ")
}

// same says whether two terms without structure are one.
func same(term, top string) bool { return term == top }

func contains(list []string, term string) bool {
	for _, t := range list {
		if t == term {
			return true
		}
	}
	return false
}

// needs lists the operations of which a token must hold one; nil: nothing is needed. Consent format 1, 3.3.
func needs(work bool, personKind, rendering string, modality []string) []string {
	if work {
		return []string{"generate"}
	}
	if personKind == "synthetic" || personKind == "fictional" {
		return nil
	}
	switch rendering {
	case "authentic", "none":
		return nil
	case "altered":
		for _, m := range modality {
			if m != "voice" {
				return []string{"alter"}
			}
		}
		return []string{"dub", "alter"}
	case "replica":
		if personKind == "deceased" {
			return []string{"reanimate"}
		}
	}
	// resemblance, and the replica of a real or unknown person. The format names no operation for a group and for a
	// rendering that it does not know; both depict somebody, so they need what a replica needs.
	return []string{"generate"}
}
