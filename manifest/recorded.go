package manifest

import (
	"strings"

	"github.com/consentry/consentry/internal/cbortree"
	"github.com/consentry/consentry/internal/jumbf"
	"github.com/consentry/consentry/report"
)

// readRecorded reads what a generator found when it took an ingredient in: validationResults (version 3) or
// validationStatus. It was written by whoever signed, so it is shown beside what holds now and settles nothing.
// C2PA 2.5, 14.11.
func readRecorded(t cbortree.Value) Recorded {
	r := Recorded{State: "none"}
	if results := t.Get("validationResults"); results.Kind == cbortree.Map {
		active := results.Get("activeManifest")
		r.SpecVersion = results.Get("specVersion").Str()
		r.Success = readStatuses(active.Get("success"))
		r.Informational = readStatuses(active.Get("informational"))
		r.Failure = readStatuses(active.Get("failure"))
	}
	for _, item := range t.Get("validationStatus").List() {
		s := readStatus(item)
		row, known := report.Lookup(s.Code)
		ok := item.Get("success")
		switch {
		case ok.True() || ok.Kind == cbortree.None && known && row.Outcome == report.Success:
			r.Success = append(r.Success, s)
		case ok.Kind == cbortree.None && known && row.Outcome == report.Informational:
			r.Informational = append(r.Informational, s)
		default:
			r.Failure = append(r.Failure, s)
		}
	}
	if len(r.Success)+len(r.Failure) > 0 {
		r.State = Valid
	}
	for _, s := range r.Success {
		if s.Code == "signingCredential.trusted" {
			r.State = Trusted
		}
	}
	for _, s := range r.Failure {
		if s.Code == "signingCredential.untrusted" {
			if r.State == Trusted {
				r.State = Valid
			}
			continue
		}
		r.State = Invalid
		break
	}
	return r
}

func readStatuses(v cbortree.Value) []Status {
	var out []Status
	for _, item := range v.List() {
		out = append(out, readStatus(item))
	}
	return out
}

func readStatus(v cbortree.Value) Status {
	return Status{Code: v.Get("code").Str(), URL: first(v.Get("url").Str(), v.Get("resourceUrl").Str()), Explanation: v.Get("explanation").Str()}
}

// deltas says for each ingredient what is found now and was not recorded. A recorded entry never cancels a finding: it
// only says that it is no news. C2PA 2.5, 14.11 (ingredientDeltas).
func (v *validator) deltas(w *work) {
	own := map[string][]report.Finding{}
	for _, f := range w.r.Failure {
		if strings.HasPrefix(f.Code, "ingredient.") {
			own[f.URL] = append(own[f.URL], f)
		}
	}
	for _, i := range w.r.Ingredients {
		if !i.hasManifest {
			continue
		}
		d := IngredientDelta{AssertionURI: i.URI}
		if i.target != nil {
			now := v.works[i.target].r
			if !v.step(len(now.Success)+len(now.Informational)+len(now.Failure), w) {
				return
			}
			d.Success = news(i.target, now.Success, i.Recorded.Success)
			d.Informational = news(i.target, now.Informational, i.Recorded.Informational)
			d.Failure = news(i.target, now.Failure, i.Recorded.Failure)
		}
		// What is wrong with the reference itself belongs to this manifest and is repeated here, where readers look.
		d.Failure = append(d.Failure, own[i.URI]...)
		if len(d.Success)+len(d.Informational)+len(d.Failure) > 0 {
			w.r.IngredientDeltas = append(w.r.IngredientDeltas, d)
		}
	}
}

// news returns the findings that are not recorded, by code and URL.
func news(m *Manifest, now []report.Finding, recorded []Status) []report.Finding {
	known := make(map[Status]bool, len(recorded))
	for _, s := range recorded {
		known[Status{Code: strings.ToLower(s.Code), URL: absolute(m, s.URL)}] = true
	}
	var out []report.Finding
	for _, f := range now {
		code := strings.ToLower(f.Code)
		if !known[Status{Code: code, URL: absolute(m, f.URL)}] && !known[Status{Code: code}] {
			out = append(out, f)
		}
	}
	return out
}

// absolute writes a JUMBF URI of a manifest in one form, so that two spellings of one box are equal.
func absolute(m *Manifest, uri string) string {
	if jumbf.Spelled(uri) {
		return uri // almost all are
	}
	u, err := jumbf.ParseURI(uri)
	if err != nil {
		return ""
	}
	if u.Absolute {
		return jumbf.Prefix + "/" + strings.Join(u.Parts, "/")
	}
	return m.URI(u.Parts...)
}
