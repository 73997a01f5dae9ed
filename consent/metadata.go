package consent

import (
	"strconv"
	"strings"
)

// SaysMinor says whether the file's metadata call somebody in it a minor. They name nobody, so they speak for everybody.
// Consent format 1, 9 (PLUS: MinorModelAgeDisclosure; IPTC: ModelAge).
func (m Metadata) SaysMinor() bool {
	if m.Minor {
		return true
	}
	for _, v := range texts(m.XMP["plus:MinorModelAgeDisclosure"]) {
		switch v[strings.LastIndexByte(v, '/')+1:] {
		case "AG-A17", "AG-A16", "AG-A15", "AG-U14":
			return true
		}
	}
	for _, v := range texts(m.XMP["Iptc4xmpExt:ModelAge"]) {
		if age, err := strconv.ParseFloat(v, 64); err == nil && age >= 0 && age < 18 {
			return true
		}
	}
	return false
}

// release says whether a property names a model release. Consent format 1, 9 (PLUS).
func release(name string, v any) bool {
	switch name {
	case "plus:ModelReleaseStatus":
		for _, s := range texts(v) {
			if s = s[strings.LastIndexByte(s, '/')+1:]; s == "MR-UMR" || s == "MR-LMR" {
				return true
			}
		}
	case "plus:ModelReleaseID":
		return len(texts(v)) > 0
	}
	return false
}

// texts are the texts of a property: one, or a list of them; a number is written out.
func texts(v any) []string {
	switch x := v.(type) {
	case string:
		return []string{x}
	case float64:
		return []string{strconv.FormatFloat(x, 'f', -1, 64)}
	case []string:
		return x
	case []any:
		var out []string
		for _, item := range x {
			if _, nested := item.([]any); !nested {
				out = append(out, texts(item)...)
			}
		}
		return out
	}
	return nil
}
