package render

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/consentry/consentry/internal/cbortree"
	"github.com/consentry/consentry/softbinding"
)

// detailWords says in one line what an assertion of a kind is about that has more to say than its members' names; empty:
// it is of another kind.
func detailWords(base string, t cbortree.Value) string {
	switch base {
	case "c2pa.soft-binding":
		return softBindingWords(t)
	case "cawg.identity":
		return identityWords(t)
	case "c2pa.ai-disclosure":
		return disclosureWords(t)
	case "c2pa.training-mining", "cawg.training-mining":
		return trainingWords(t.JSON())
	case "c2pa.cloud-data":
		return elsewhereWords("cloud data in place of "+Quote(t.Get("label").Str()), t.Get("location"))
	case "c2pa.external-reference":
		return elsewhereWords("a reference to something outside the file", t.Get("location"))
	case "c2pa.time-stamp":
		return "time-stamps of " + plural(len(t.Items)/2, "manifest")
	case "c2pa.certificate-status":
		return "states of certificates, " + plural(len(t.Get("ocspVals").List()), "OCSP response")
	case "c2pa.hash.multi-asset":
		return "content hash of " + plural(len(t.Get("parts").List()), "part")
	case "c2pa.hash.collection.data":
		return "content hash of " + plural(len(t.Get("uris").List()), "file") + by(t)
	}
	if r := t.Get("regionOfInterest"); r.Kind == cbortree.Map {
		return "speaks of " + regionWords(r)
	}
	return ""
}

// actionWordsOf says what one action of an assertion is: its source, who did it, what of the picture it changed, and
// what it redacts. C2PA 2.5, 16.4.1.
func actionWordsOf(v cbortree.Value) string {
	var more []string
	if source := v.Get("digitalSourceType").Str(); source != "" {
		more = append(more, formalWord(SourceTerm(source)))
	}
	if agent := v.Get("softwareAgent"); agent.IsText() {
		more = append(more, "by "+Quote(agent.Str()))
	} else if name := agent.Get("name").Str(); name != "" {
		more = append(more, "by "+Quote(name))
	}
	if list := v.Get("changes").List(); len(list) > 0 {
		more = append(more, "changed "+regionWords(list[0]))
		if n := len(list) - 1; n > 0 {
			more = append(more, "and "+plural(n, "more region"))
		}
	}
	if changed := v.Get("changed").Str(); changed != "" {
		more = append(more, "changed "+Quote(changed))
	}
	if uri := v.Get("parameters").Get("redacted").Str(); uri != "" {
		more = append(more, "takes out "+formalWord(uri[strings.LastIndexByte(uri, '/')+1:]))
	}
	if reason := v.Get("reason").Str(); reason != "" {
		more = append(more, "for "+formalWord(reason))
	}
	s := formalWord(v.Get("action").Str())
	if len(more) > 0 {
		s += " (" + strings.Join(more, ", ") + ")"
	}
	return s
}

// actionsWords sums an actions assertion up with the templates that its actions take from.
func actionsWords(t cbortree.Value) string {
	s := named("actions", t.Get("actions"), actionWordsOf)
	if list := t.Get("templates"); len(list.List()) > 0 {
		s += "; " + named("templates", list, func(v cbortree.Value) string { return "of " + actionWordsOf(v) })
	}
	return s
}

// regionWords says which part of the content a region is, by its name and the kinds of its ranges. C2PA 2.5, 18.
func regionWords(r cbortree.Value) string {
	s := "a region"
	if name := r.Get("name").Str(); name != "" {
		s += " " + Quote(name)
	}
	var kinds []string
	for _, x := range r.Get("region").List() {
		if k := formalWord(x.Get("type").Str()); k != "" && !slices.Contains(kinds, k) && len(kinds) < maxNamed {
			kinds = append(kinds, k)
		}
	}
	if len(kinds) > 0 {
		s += " (" + strings.Join(kinds, " and ") + ")"
	}
	return s
}

// softBindingWords names the algorithm with what C2PA's list says of it. C2PA 2.5, 16.3.7.
func softBindingWords(t cbortree.Value) string {
	alg := t.Get("alg").Str()
	if alg == "" {
		return "soft binding without an algorithm"
	}
	s := "soft binding by " + Clip(alg)
	switch a := softbinding.Lookup(alg); {
	case a == nil:
		s += ", which is not on C2PA's list of algorithms"
	case a.Deprecated:
		s += ", a deprecated " + Clip(a.Type)
	default:
		s += ", a " + Clip(a.Type)
	}
	if n := len(t.Get("blocks").List()); n > 0 {
		s += ", " + plural(n, "block")
	}
	return s
}

// identityWords says for what an actor signs, and as what. CAWG identity 1.3, 5.
func identityWords(t cbortree.Value) string {
	p := t.Get("signer_payload")
	s := "identity assertion of type " + Quote(p.Get("sig_type").Str())
	if len(p.Get("role").List()) > 0 {
		s += ", " + named("roles", p.Get("role"), func(v cbortree.Value) string { return formalWord(v.Str()) })
	}
	if list := p.Get("referenced_assertions"); len(list.List()) > 0 {
		s += ", " + named("for", list, func(v cbortree.Value) string {
			url := v.Get("url").Str()
			return formalWord(url[strings.LastIndexByte(url, '/')+1:])
		})
	}
	return s
}

// disclosureWords says what a generator tells of its model. C2PA 2.5, 16.20.
func disclosureWords(t cbortree.Value) string {
	parts := []string{"AI disclosure"}
	for _, m := range [][2]string{{"modelType", "model of type "}, {"modelName", "called "}, {"modelIdentifier", "identifier "}, {"scientificDomain", "domain "}} {
		if v := t.Get(m[0]).Str(); v != "" {
			parts = append(parts, m[1]+Quote(v))
		}
	}
	if v := t.Get("contentProfile").Get("humanOversightLevel").Str(); v != "" {
		parts = append(parts, "human oversight "+formalWord(v))
	}
	return join(parts)
}

// trainingWords says what may be done with the content, use by use; empty: it has none of the known forms. CAWG training
// and mining 1.1, 2.
func trainingWords(v any) string {
	doc, _ := v.(map[string]any)
	entries, ok := doc["entries"].(map[string]any)
	if !ok {
		entries = doc // the form of an earlier version
	}
	var parts []string
	for _, name := range slices.Sorted(maps.Keys(entries)) {
		one, _ := entries[name].(map[string]any)
		use, _ := one["use"].(string)
		if use == "" {
			continue
		}
		if len(parts) == maxNamed {
			parts = append(parts, fmt.Sprintf("and %d more", len(entries)-maxNamed))
			break
		}
		parts = append(parts, formalWord(name)+" "+formalWord(use))
	}
	return join(parts)
}

// trainingJSON is trainingWords of JSON.
func trainingJSON(text []byte) string {
	var doc any
	if json.Unmarshal(text, &doc) != nil {
		return ""
	}
	return trainingWords(doc)
}

// elsewhereWords says where something lies that is not in the file.
func elsewhereWords(what string, location cbortree.Value) string {
	url := location.Get("url").Str()
	if url == "" {
		return what + ", and nothing says where it is"
	}
	s := what + " at " + Quote(url)
	if location.Get("hash").Kind == cbortree.Bytes {
		return s + ", by its digest; it is not fetched"
	}
	return s + ", whatever that may hold; it is not fetched"
}
