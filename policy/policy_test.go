package policy_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/consentry/consentry/consent"
	"github.com/consentry/consentry/policy"
	"github.com/consentry/consentry/report"
)

// page is the table of events as the format's page prints it: newsroom, studio, ci. It is written a second time here,
// in the page's own words, so that a slip in the code's table shows.
const page = `
manifest_invalid   | FAIL          | FAIL          | FAIL
signer_untrusted   | INDETERMINATE | INDETERMINATE | FAIL
no_provenance      | INDETERMINATE | INDETERMINATE | FAIL
media_unbound      | INDETERMINATE | INDETERMINATE | FAIL
partly_bound       | WARN          | INDETERMINATE | FAIL
history_invalid    | WARN          | WARN          | FAIL
origin_unknown     | INDETERMINATE | INDETERMINATE | WARN
no_assertion       | WARN          | WARN          | FAIL
store_malformed    | INDETERMINATE | INDETERMINATE | FAIL
assertion_unusable | INDETERMINATE | INDETERMINATE | FAIL
list_rejected      | INDETERMINATE | INDETERMINATE | FAIL
contradicted       | WARN          | FAIL          | FAIL
refused            | FAIL          | FAIL          | FAIL
invalid            | FAIL          | FAIL          | FAIL
revoked            | FAIL          | FAIL          | FAIL
expired            | WARN          | FAIL          | FAIL
out_of_scope       | WARN          | FAIL          | FAIL
unresolved         | INDETERMINATE | INDETERMINATE | FAIL
declared           | WARN          | WARN          | FAIL
exempt_declared    | WARN          | WARN          | FAIL
undeclared         | WARN          | INDETERMINATE | FAIL
undeclared_face    | WARN          | INDETERMINATE | FAIL
undeclared_voice   | WARN          | WARN          | WARN
different_faces    | WARN          | WARN          | WARN
not_analysed       | INDETERMINATE | INDETERMINATE | FAIL
incomplete         | WARN          | FAIL          | FAIL
not_complete       | WARN          | WARN          | WARN
verified           | PASS          | PASS          | PASS
not_required       | PASS          | PASS          | PASS
`

func profile(t testing.TB, name, file string) *policy.Policy {
	t.Helper()
	p, err := policy.Load(name, []byte(file))
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// happening makes the facts in which one event happens and nothing else.
func happening(event string) policy.Facts {
	j := &consent.Judgement{}
	f := policy.Facts{Manifest: "trusted", Origin: report.Origin{State: "generated", Verified: true}, Judgement: j}
	switch event {
	case policy.MediaUnbound:
		f.MediaUnbound, f.PartlyBound = "a track", "a track"
	case policy.PartlyBound:
		f.PartlyBound = "a box"
	case policy.HistoryInvalid:
		f.History = "manifest 2 of 2"
	case policy.ManifestInvalid:
		f.Manifest = "invalid"
	case policy.SignerUntrusted:
		f.Manifest = "valid"
	case policy.NoProvenance:
		f.Manifest = "absent"
	case policy.OriginUnknown:
		f.Origin.State = "unknown"
	case policy.StoreMalformed:
		f.Malformed = "the store ends early"
	case policy.NoAssertion:
		j.Missing = true
	case policy.AssertionUnusable:
		j.Unusable = []string{"redacted"}
	case policy.ListRejected:
		j.RejectedLists = []string{"rolled back"}
	case policy.Contradicted:
		j.Contradicted = []string{"p1"}
	case policy.Incomplete:
		j.Incomplete = true
	case policy.UndeclaredFace:
		j.UndeclaredFaces = []int{1}
	case policy.UndeclaredVoice:
		j.UndeclaredVoices = []string{"2"}
	case policy.DifferentFaces:
		j.Drifts = []int{3}
	case policy.NotAnalysed:
		j.NotAnalysed = true
	case policy.NotComplete:
		j.NotComplete = true
	default:
		j.People = []report.Person{{ID: "p1", State: strings.ReplaceAll(event, "_", "-")}}
	}
	return f
}

func TestTable(t *testing.T) {
	rows := strings.Split(strings.TrimSpace(page), "\n")
	for _, row := range rows {
		cells := strings.Split(row, "|")
		event := strings.TrimSpace(cells[0])
		for i, name := range policy.Names() {
			want := report.Verdict(strings.TrimSpace(cells[i+1]))
			t.Run(event+"-"+name, func(t *testing.T) {
				p := profile(t, name, "")
				if got := p.Outcome(event); got != want {
					t.Errorf("Outcome = %s, want %s", got, want)
				}
				got, why := policy.Decide(p, happening(event))
				if got != want {
					t.Errorf("Decide = %s, want %s", got, want)
				}
				if (len(why) == 1 && why[0].Event == event) != (want != report.Pass) {
					t.Errorf("reasons %v", why)
				}
				for _, outcome := range []report.Verdict{report.Fail, report.Indeterminate, report.Warn, report.Pass} {
					changed := profile(t, name, fmt.Sprintf(`{"on": {%q: %q}}`, event, outcome))
					got, _ := policy.Decide(changed, happening(event))
					if event == policy.StoreMalformed && outcome != report.Fail {
						outcome = report.Indeterminate // a file that cannot be read to its end is never better
					}
					if got != outcome {
						t.Errorf("on %s: Decide = %s, want %s", event, got, outcome)
					}
				}
			})
		}
	}
	for _, s := range consent.States() {
		if !strings.Contains(page, strings.ReplaceAll(s, "-", "_")+" ") {
			t.Errorf("the state %s is not in the table", s)
		}
	}
}

func TestDecide(t *testing.T) {
	recording := report.Origin{State: "captured", Verified: true}
	refused := &consent.Judgement{
		People: []report.Person{{ID: "p1", State: "refused"}}, Missing: true, NotComplete: true,
		Unusable: []string{"malformed"}, RejectedLists: []string{"forged"}, Incomplete: true, UndeclaredFaces: []int{1, 2},
	}
	for _, c := range []struct {
		name, profile string
		facts         policy.Facts
		want          report.Verdict
	}{
		{"nothing-wrong", "ci", policy.Facts{Manifest: "trusted", Origin: report.Origin{State: "generated"}}, report.Pass},
		{"recorded-by-a-trusted-signer-whatever-else-is-found", "ci", policy.Facts{Manifest: "trusted", Origin: recording, Judgement: refused}, report.NotApplicable},
		{"recorded-by-a-stranger", "newsroom", policy.Facts{Manifest: "valid", Origin: recording}, report.Indeterminate},
		{"recorded-by-a-stranger-in-ci", "ci", policy.Facts{Manifest: "valid", Origin: recording}, report.Fail},
		{"recorded-in-an-invalid-manifest", "newsroom", policy.Facts{Manifest: "invalid", Origin: recording}, report.Fail},
		{"recorded-as-an-untrusted-parent-says", "newsroom", policy.Facts{Manifest: "trusted", Origin: report.Origin{State: "captured"}}, report.Indeterminate},
		{"recorded-and-truncated", "newsroom", policy.Facts{Manifest: "trusted", Origin: recording, Malformed: "truncated"}, report.Indeterminate},
		{"recorded-and-not-supported", "ci", policy.Facts{Manifest: "trusted", Origin: recording, NotSupported: []string{"fragments"}}, report.Indeterminate},
		{"carrier-not-supported", "newsroom", policy.Facts{NotSupported: []string{"wav"}}, report.Indeterminate},
		{"carrier-not-supported-in-ci-is-never-no-provenance", "ci", policy.Facts{Manifest: "absent", NotSupported: []string{"wav"}}, report.Indeterminate},
		{"not-supported-beside-a-failure", "ci", policy.Facts{Manifest: "invalid", NotSupported: []string{"fragments"}}, report.Fail},
		{"sidecar-lifts-no-provenance", "ci", policy.Facts{Manifest: "absent", Origin: report.Origin{State: "generated"}, Judgement: &consent.Judgement{Sidecar: &consent.Sidecar{}}}, report.Pass},
		{"people-are-not-judged-where-the-origin-is-unknown", "ci", policy.Facts{Manifest: "trusted", Origin: report.Origin{State: "unknown"}, Judgement: &consent.Judgement{People: refused.People}}, report.Warn},
		{"an-unusable-assertion-counts-where-the-origin-is-unknown", "ci", policy.Facts{Manifest: "trusted", Origin: report.Origin{State: "unknown"}, Judgement: &consent.Judgement{Unusable: []string{"x"}}}, report.Fail},
		{"contradicted-origins-are-judged", "newsroom", policy.Facts{Manifest: "trusted", Origin: report.Origin{State: "contradicted"}, Judgement: refused}, report.Fail},
		{"an-old-list-where-any-age-will-do", "ci", policy.Facts{Manifest: "trusted", Origin: report.Origin{State: "generated"}, Now: noon, Lists: []policy.List{{Name: "x", Issued: noon.AddDate(-9, 0, 0)}}}, report.Pass},
		{"works-count-like-people", "ci", policy.Facts{Manifest: "trusted", Origin: report.Origin{State: "partly-generated"}, Judgement: &consent.Judgement{Works: []report.Person{{ID: "w1", State: "undeclared"}}}}, report.Fail},
	} {
		t.Run(c.name, func(t *testing.T) {
			p := profile(t, c.profile, "")
			got, why := policy.Decide(p, c.facts)
			if got != c.want {
				t.Errorf("Decide = %s (%v), want %s", got, why, c.want)
			}
			order := []report.Verdict{report.NotApplicable, report.Fail, report.Indeterminate, report.Warn}
			if !slices.IsSortedFunc(why, func(a, b report.Reason) int {
				return slices.Index(order, a.Outcome) - slices.Index(order, b.Outcome)
			}) {
				t.Errorf("reasons are not worst first: %v", why)
			}
		})
	}
}

// TestWhoseRecording: where the manifest itself does not hold, nothing is said of its signer, who may well be trusted.
func TestWhoseRecording(t *testing.T) {
	for state, want := range map[string]string{
		"valid": "but not by a trusted signer", "invalid": "by a manifest that does not hold", "well-formed": "by a manifest that does not hold",
		"trusted": "by an earlier manifest that is not by a trusted signer, or does not hold",
	} {
		_, why := policy.Decide(profile(t, "newsroom", ""), policy.Facts{Manifest: state, Origin: report.Origin{State: "captured"}})
		if !slices.ContainsFunc(why, func(r report.Reason) bool {
			return r.Event == policy.SignerUntrusted && strings.HasSuffix(r.Text, want)
		}) {
			t.Errorf("%s: %v", state, why)
		}
	}
}

var noon = time.Date(2026, 6, 1, 12, 0, 0, 0, time.UTC)

// TestMaxTrustAge: at the age a list will do, a second past it counts as rejected.
func TestMaxTrustAge(t *testing.T) {
	p := profile(t, "ci", `{"max_trust_age": "30d"}`)
	for age, want := range map[time.Duration]report.Verdict{
		30 * 24 * time.Hour: report.Pass, 30*24*time.Hour + time.Second: report.Fail, -time.Hour: report.Pass,
	} {
		got, why := policy.Decide(p, policy.Facts{
			Manifest: "trusted", Origin: report.Origin{State: "generated"}, Now: noon,
			Lists: []policy.List{{Name: "the consent trust list", Issued: noon.Add(-age)}},
		})
		if got != want || want == report.Fail && (why[0].Event != policy.ListRejected || !strings.Contains(why[0].Text, "30 days")) {
			t.Errorf("a list of the age %v: %s, %v", age, got, why)
		}
	}
}

// TestMonotonic: one more thing that went wrong never makes a verdict better.
func TestMonotonic(t *testing.T) {
	rank := map[report.Verdict]int{report.Pass: 0, report.Warn: 1, report.Indeterminate: 2, report.Fail: 3}
	add := map[string]func(*policy.Facts){
		"missing":  func(f *policy.Facts) { f.Judgement.Missing = true },
		"unusable": func(f *policy.Facts) { f.Judgement.Unusable = append(f.Judgement.Unusable, "x") },
		"rejected": func(f *policy.Facts) { f.Judgement.RejectedLists = append(f.Judgement.RejectedLists, "x") },
		"face":     func(f *policy.Facts) { f.Judgement.UndeclaredFaces = append(f.Judgement.UndeclaredFaces, 1) },
		"voice":    func(f *policy.Facts) { f.Judgement.UndeclaredVoices = append(f.Judgement.UndeclaredVoices, "2") },
		"unheard":  func(f *policy.Facts) { f.Judgement.Unheard = append(f.Judgement.Unheard, "no decoder") },
		"unlike":   func(f *policy.Facts) { f.Judgement.DifferentFaces = append(f.Judgement.DifferentFaces, "p") },
		"drift":    func(f *policy.Facts) { f.Judgement.Drifts = append(f.Judgement.Drifts, 3) },
		"unlinked": func(f *policy.Facts) { f.Judgement.Unlinked = "no model" },
		"pixels":   func(f *policy.Facts) { f.Judgement.NotAnalysed = true },
		"support":  func(f *policy.Facts) { f.NotSupported = append(f.NotSupported, "x") },
		"cut":      func(f *policy.Facts) { f.Malformed = "x" },
	}
	for _, s := range consent.States() {
		add[s] = func(f *policy.Facts) {
			f.Judgement.People = append(f.Judgement.People, report.Person{ID: "p", State: s})
		}
	}
	for _, name := range policy.Names() {
		p := profile(t, name, "")
		for _, line := range strings.Split(strings.TrimSpace(page), "\n") {
			event := strings.TrimSpace(strings.Split(line, "|")[0])
			before, _ := policy.Decide(p, happening(event))
			for what, change := range add {
				if what == "support" && event == policy.NoProvenance {
					continue // a carrier that is not supported is never "no provenance", on purpose
				}
				f := happening(event)
				change(&f)
				if after, _ := policy.Decide(p, f); rank[after] < rank[before] {
					t.Errorf("%s: %s beside %s makes %s of %s", name, what, event, after, before)
				}
			}
		}
	}
}

// Faces that were to be compared and were not are told wherever the picture comes from, but of a recording that a trusted
// signer vouches for; and once, where nobody could look for them at all.
func TestUnlinked(t *testing.T) {
	for origin, want := range map[string]int{"generated": 1, "partly-generated": 1, "contradicted": 1, "unknown": 1, "captured": 0} {
		for _, name := range policy.Names() {
			f := policy.Facts{Manifest: "trusted", Origin: report.Origin{State: origin, Verified: true}, Judgement: &consent.Judgement{Unlinked: "no model"}}
			_, why := policy.Decide(profile(t, name, ""), f)
			both := *f.Judgement
			both.NotAnalysed, both.NotAnalysedWhy = true, "no model"
			f.Judgement = &both
			_, twice := policy.Decide(profile(t, name, ""), f)
			for _, reasons := range [][]report.Reason{why, twice} {
				if got := slices.DeleteFunc(slices.Clone(reasons), func(r report.Reason) bool { return r.Event != policy.NotAnalysed }); len(got) != want {
					t.Errorf("%s, %s: %v", origin, name, reasons)
				}
			}
		}
	}
}

func TestLoad(t *testing.T) {
	for _, c := range []struct{ name, profile, file, wrong string }{
		{"no-file", "", ``, ""},
		{"json", "", `{"profile": "ci", "time_base": "both", "min_level": "E4", "status": "cap", "use": {"purpose": ["test"], "operation": ["train"]}, "on": {"out_of_scope": "WARN"}, "require": ["licence"]}`, ""},
		{"yaml", "", "profile: ci\ntime_base: both\nmin_level: E4\nstatus: cap\nuse:\n  purpose: [test]\n  operation: [train]\non:\n  out_of_scope: WARN\nrequire: [licence]\n", ""},
		{"same-profile-twice", "ci", `{"profile": "ci"}`, ""},
		{"unknown-profile", "press", ``, "profile"},
		{"two-profiles", "ci", `{"profile": "studio"}`, "profile"},
		{"unknown-member", "", `{"min_levle": "E3"}`, "min_levle"},
		{"unknown-member-in-yaml", "", "min_levle: E3\n", "min_levle"},
		{"unknown-level", "", `{"min_level": "E9"}`, "min_level"},
		{"level-as-a-number", "", `{"min_level": 3}`, "min_level"},
		{"unknown-time-base", "", `{"time_base": "then"}`, "time_base"},
		{"unknown-status", "", `{"status": "maybe"}`, "status"},
		{"unknown-use", "", `{"use": {"purposes": ["test"]}}`, "use.purposes"},
		{"use-in-one-text", "", `{"use": {"purpose": "test"}}`, "use.purpose"},
		{"use-with-a-number", "", `{"use": {"purpose": ["test", 1]}}`, "use.purpose[1]"},
		{"use-empty", "", `{"use": {"purpose": []}}`, "use.purpose"},
		{"unknown-operation", "", `{"use": {"operation": ["traine"]}}`, "use.operation[0]"},
		{"unknown-event", "", `{"on": {"origin_unkown": "WARN"}}`, "on.origin_unkown"},
		{"event-with-a-dash", "", `{"on": {"out-of-scope": "WARN"}}`, "on.out-of-scope"},
		{"not-supported-is-no-event", "", `{"on": {"not_supported": "PASS"}}`, "on.not_supported"},
		{"unknown-outcome", "", `{"on": {"expired": "warn"}}`, "on.expired"},
		{"not-applicable-is-no-outcome", "", `{"on": {"expired": "NOT_APPLICABLE"}}`, "on.expired"},
		{"unknown-requirement", "", `{"require": ["license"]}`, "require[0]"},
		{"network-and-age", "", `{"network": "off", "max_trust_age": "30d"}`, ""},
		{"unknown-network", "", `{"network": "maybe"}`, "network"},
		{"network-as-a-bool", "", "network: false\n", "network"},
		{"age-without-a-unit", "", `{"max_trust_age": "30"}`, "max_trust_age"},
		{"age-of-nothing", "", `{"max_trust_age": "0d"}`, "max_trust_age"},
		{"age-below-nothing", "", `{"max_trust_age": "-1h"}`, "max_trust_age"},
		{"age-of-a-million-days", "", `{"max_trust_age": "1000000d"}`, "max_trust_age"},
		{"age-of-a-century", "", `{"max_trust_age": "36500d"}`, ""},
		{"age-beyond-a-century", "", `{"max_trust_age": "36501d"}`, "max_trust_age"},
		{"age-in-text-and-number", "", `{"max_trust_age": 30}`, "max_trust_age"},
		{"member-twice", "", `{"min_level": "E3", "min_level": "E4"}`, "min_level"},
		{"member-twice-inside", "", `{"on": {"expired": "WARN", "expired": "PASS"}}`, "on.expired"},
		{"member-twice-in-yaml", "", "min_level: E3\nmin_level: E4\n", ""},
		{"text-after-the-object", "", `{} {}`, ""},
		{"a-list", "", `- profile`, ""},
		{"anchors", "", "profile: &p ci\ntime_base: *p\n", ""},
		{"not-utf-8", "", "profile: \xff", ""},
		{"broken-json", "", `{"profile": }`, "profile"},
		{"as-deep-as-is-read", "", `{"use": ` + strings.Repeat(`[`, 15) + strings.Repeat(`]`, 15) + `}`, "use"}, // no map, but read
		{"one-deeper", "", `{"use": ` + strings.Repeat(`[`, 16) + strings.Repeat(`]`, 16) + `}`, "use[0][0][0][0][0][0][0][0][0][0][0][0][0][0][0]"},
		{"deep", "", `{"use": ` + strings.Repeat(`[`, 40) + strings.Repeat(`]`, 40) + `}`, "use[0][0][0][0][0][0][0][0][0][0][0][0][0][0][0]"},
		{"at-the-limit", "", "profile: ci\n#" + strings.Repeat("x", policy.MaxFile-13), ""},
		{"past-the-limit", "", "profile: ci\n#" + strings.Repeat("x", policy.MaxFile-12), ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			p, err := policy.Load(c.profile, []byte(c.file))
			good := slices.Contains([]string{"no-file", "json", "yaml", "same-profile-twice", "network-and-age", "age-of-a-century", "at-the-limit"}, c.name)
			if good != (err == nil) || good != (p != nil) {
				t.Fatalf("Load = %v, %v", p, err)
			}
			var bad *policy.Error
			if err != nil && (!errors.As(err, &bad) || bad.Path != c.wrong) {
				t.Errorf("error %v; want one at %q", err, c.wrong)
			}
		})
	}
	json := profile(t, "", `{"profile": "ci", "use": {"channel": ["tv"]}, "on": {"expired": "PASS"}}`)
	yaml := profile(t, "", "profile: ci\nuse: {channel: [tv]}\non:\n  expired: PASS\n")
	if fmt.Sprint(*json) != fmt.Sprint(*yaml) {
		t.Errorf("%v in JSON, %v in YAML", *json, *yaml)
	}
	terms := profile(t, "studio", "").Terms()
	if terms.TimeBase != "both" || terms.MinLevel != "E4" || terms.Status != "require" || terms.Severity["expired"] != 3 || terms.Severity["verified"] != 0 {
		t.Errorf("studio's terms: %+v", terms)
	}
	if zero := (*policy.Policy)(nil).Terms(); zero.TimeBase != "generation" || zero.Status != "cap" {
		t.Errorf("a nil policy is not the newsroom profile: %+v", zero)
	}
}

func FuzzLoad(f *testing.F) {
	for _, s := range []string{
		`{"profile": "ci", "on": {"expired": "PASS"}}`, "profile: ci\non:\n  expired: PASS\n", `{"use": {"purpose": ["a"]}}`, `- a`, "a: &b [1]\nc: *b", "{", "\t", "? [a]\n: b",
	} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		p, err := policy.Load("", b)
		var bad *policy.Error
		if (p == nil) == (err == nil) || err != nil && !errors.As(err, &bad) {
			t.Fatalf("Load = %v, %v", p, err)
		}
		if p != nil {
			p.Terms() // every event has an outcome
		}
	})
}

func Example() {
	p, _ := policy.Load("ci", nil)
	verdict, why := policy.Decide(p, policy.Facts{Manifest: "valid", Origin: report.Origin{State: "unknown"}})
	fmt.Println(verdict, why[0].Event)
	// Output: FAIL signer_untrusted
}

// TestAReasonSaysWhy: the reason for a person says on what it rests, and in a file that does not hold not what a token
// would change.
func TestAReasonSaysWhy(t *testing.T) {
	refused := report.New("consent.registry.refused", "", "the order of an agency forbids this")
	for _, c := range []struct {
		name, manifest string
		person         report.Person
		want           string
	}{
		{"refused", "trusted", report.Person{State: "refused", Findings: []report.Finding{refused}}, "refused: the order of an agency forbids this"},
		{"refused, and nothing says by whom", "trusted", report.Person{State: "refused"}, "refused"},
		{"a token's own failure", "trusted", report.Person{State: "invalid", Tokens: []report.Token{{Findings: []report.Finding{report.New("consent.token.audienceMismatch", "", "for another generator")}}}}, "a token does not hold: for another generator"},
		{"undeclared, whatever else was found", "trusted", report.Person{State: "undeclared", Findings: []report.Finding{refused}}, "no consent is declared"},
		{"declared", "valid", report.Person{State: "declared"}, "declared, without a token of the strength that is asked for"},
		{"declared in a changed file", "invalid", report.Person{State: "declared"}, "declared in a manifest that does not hold: nothing rests on it"},
		{"declared in a file whose signature does not hold", "well-formed", report.Person{State: "declared"}, "declared in a manifest that does not hold: nothing rests on it"},
		{"declared in an ingredient of a changed file", "invalid", report.Person{State: "declared", Manifest: "urn:x"}, "declared, without a token of the strength that is asked for"},
		{"declared beside a file without a manifest", "absent", report.Person{State: "declared"}, "declared, without a token of the strength that is asked for"},
	} {
		t.Run(c.name, func(t *testing.T) {
			c.person.ID = "p1"
			_, why := policy.Decide(profile(t, "ci", ""), policy.Facts{
				Manifest: c.manifest, Origin: report.Origin{State: "generated", Verified: true},
				Judgement: &consent.Judgement{People: []report.Person{c.person}},
			})
			i := slices.IndexFunc(why, func(r report.Reason) bool { return r.Person == "p1" })
			if i < 0 || why[i].Text != c.want {
				t.Errorf("%+v, want %q", why, c.want)
			}
		})
	}
}

// TestALookAtAPartIsNoMissingLook: who looked at a part says so.
func TestALookAtAPartIsNoMissingLook(t *testing.T) {
	for partly, want := range map[bool]string{
		true: "faces were looked for in a part of the picture only: why", false: "faces were to be looked for, and could not be: why",
	} {
		f := happening(policy.NotAnalysed)
		f.Judgement.PartlyAnalysed, f.Judgement.NotAnalysedWhy = partly, "why"
		if _, why := policy.Decide(profile(t, "ci", ""), f); len(why) != 1 || why[0].Text != want {
			t.Errorf("%v, want %q", why, want)
		}
	}
}

// TestACountNamesNoFace: where faces were counted only, no one of them is called the uncovered one.
func TestACountNamesNoFace(t *testing.T) {
	for counted, want := range map[bool]string{
		true: "one face more than is declared at the time of track 1; without a region, which is nobody's cannot be told", false: "no entry covers the face of track 1",
	} {
		f := happening(policy.UndeclaredFace)
		f.Judgement.FacesCounted = counted
		if _, why := policy.Decide(profile(t, "ci", ""), f); len(why) != 1 || why[0].Text != want {
			t.Errorf("%v, want %q", why, want)
		}
	}
}
