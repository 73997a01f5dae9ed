package policy_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/consentry/consentry/policy"
	"github.com/consentry/consentry/report"
)

// rule is a policy file with one rule.
func rule(when, outcome string) string {
	return fmt.Sprintf(`{"rules": [{"id": "r", "when": %q, "outcome": %q, "message": "words"}]}`, when, outcome)
}

// reported is a report about one person with a token, and a label of any kind.
func reported(v report.Verdict, reasons ...report.Reason) *report.Report {
	list, length := "c2pa", int64(8000)
	r := &report.Report{
		Schema: report.Schema, Verdict: v, Reasons: reasons, Complete: true, ValidationTime: noon,
		Labels:   []report.Label{{Kind: "tc260", Value: map[string]any{"Label": 1, "inner": []any{"x"}}}},
		People:   []report.Person{{ID: "p1", State: "verified", Level: "E3", Tokens: []report.Token{{Iss: "https://a.example", Type: "grant"}}}},
		Findings: []report.Finding{{Code: "consent.token.valid", Outcome: report.Success}},
	}
	r.Asset.DurationMs, r.Asset.Size = &length, 1000
	r.Provenance.Signer.List = &list
	return r
}

func TestRules(t *testing.T) {
	for _, c := range []struct {
		name, when, outcome string
		before, want        report.Verdict
	}{
		{"holds", `report.people.exists(p, p.level == 'E3')`, "FAIL", report.Pass, report.Fail},
		{"does not hold", `report.people.all(p, p.state == 'refused')`, "FAIL", report.Pass, report.Pass},
		{"members of members", `report.people[0].tokens.exists_one(t, t.iss.startsWith('https://a.'))`, "WARN", report.Pass, report.Warn},
		{"a filter", `report.findings.filter(f, f.outcome == 'success').size() == 1`, "INDETERMINATE", report.Pass, report.Indeterminate},
		{"numbers", `report.asset.size > 999 && report.asset.durationMs <= 8000`, "WARN", report.Pass, report.Warn},
		{"a member that may be null and is not", `report.provenance.signer.list == 'c2pa'`, "WARN", report.Pass, report.Warn},
		{"a member that may be null and is", `report.provenance.remote == null`, "WARN", report.Pass, report.Warn},
		{"an object that may be null", `report.decoded == null`, "WARN", report.Pass, report.Warn},
		{"a member that JSON would leave out", `report.people[0].manifest == ''`, "WARN", report.Pass, report.Warn},
		{"a time", `report.validationTime > timestamp('2026-01-01T00:00:00Z')`, "WARN", report.Pass, report.Warn},
		{"what a label holds", `report.labels.exists(l, l.kind == 'tc260' && l.value.Label == 1 && 'x' in l.value.inner)`, "WARN", report.Pass, report.Warn},
		{"a regular expression", `report.people[0].id.matches('^p[0-9]$')`, "WARN", report.Pass, report.Warn},
		{"the verdict so far", `report.verdict == 'WARN' && report.reasons.exists(r, r.event == 'declared')`, "FAIL", report.Warn, report.Fail},
		{"PASS changes nothing", `true`, "PASS", report.Warn, report.Warn},
		{"a milder outcome changes nothing", `true`, "WARN", report.Fail, report.Fail},
		{"a recording that a rule forbids", `true`, "FAIL", report.NotApplicable, report.Fail},
		{"a recording that no rule speaks of", `false`, "FAIL", report.NotApplicable, report.NotApplicable},
		{"a recording and a rule that passes", `true`, "PASS", report.NotApplicable, report.NotApplicable},
		{"what is not there cannot be told", `report.people[7].id == 'x'`, "WARN", report.Pass, report.Indeterminate},
		{"what a label lacks cannot be told", `report.labels[0].value.nothing == 1`, "WARN", report.Pass, report.Indeterminate},
		{"an error is no way out of a failure", `report.people[7].id == 'x'`, "WARN", report.Fail, report.Fail},
	} {
		t.Run(c.name, func(t *testing.T) {
			p, err := policy.Load("ci", []byte(rule(c.when, c.outcome)))
			if err != nil {
				t.Fatal(err)
			}
			var reasons []report.Reason
			if c.before != report.Pass {
				reasons = []report.Reason{{Event: "declared", Outcome: c.before}}
			}
			got, why := p.Apply(reported(c.before, reasons...))
			if got != c.want {
				t.Errorf("%s, want %s: %v", got, c.want, why)
			}
			if c.want != c.before && (why[0].Event != "rule.r" || why[0].Outcome != got) {
				t.Errorf("reasons %v", why)
			}
			if len(why) < len(reasons) {
				t.Errorf("a reason is lost: %v", why)
			}
		})
	}
}

// TestRulesThatAreRefused: the error names the rule, its member and the place in the expression.
func TestRulesThatAreRefused(t *testing.T) {
	long := "true" + strings.Repeat(" ", policy.MaxWhen-3)
	for name, c := range map[string]struct{ file, path, text string }{
		"unknown member":         {`{"rules": [{"id": "r", "when": "true", "outcome": "FAIL", "mesage": "x"}]}`, "rules[0].mesage", "unknown member"},
		"no id":                  {`{"rules": [{"when": "true", "outcome": "FAIL"}]}`, "rules[0].id", "not a text"},
		"an id with a space":     {`{"rules": [{"id": "a b", "when": "true", "outcome": "FAIL"}]}`, "rules[0].id", "a b"},
		"an id twice":            {`{"rules": [{"id": "a", "when": "true", "outcome": "FAIL"}, {"id": "a", "when": "true", "outcome": "FAIL"}]}`, "rules[1].id", "twice"},
		"no condition":           {`{"rules": [{"id": "r", "outcome": "FAIL"}]}`, "rules[0].when", "not a text"},
		"a message of a number":  {`{"rules": [{"id": "r", "when": "true", "outcome": "FAIL", "message": 1}]}`, "rules[0].message", "not a text"},
		"unknown outcome":        {rule("true", "fail"), "rules[0].outcome", "FAIL"},
		"not applicable":         {rule("true", "NOT_APPLICABLE"), "rules[0].outcome", "FAIL"},
		"no rules":               {`{"rules": []}`, "rules", "list"},
		"a rule that is text":    {`{"rules": ["true"]}`, "rules[0]", "map"},
		"a syntax error":         {rule("report.people.exists(p,", "FAIL"), "rules[0].when", `rule "r": line 1, column 24`},
		"a misspelt member":      {rule("true &&\n  report.peple.size() > 0", "FAIL"), "rules[0].when", `line 2, column 9: undefined field 'peple'`},
		"a misspelt inner one":   {rule("report.people.all(p, p.sate == 'x')", "FAIL"), "rules[0].when", "undefined field 'sate'"},
		"an unknown variable":    {rule("people.size() > 0", "FAIL"), "rules[0].when", "column 1: undeclared reference"},
		"a text against numbers": {rule("report.asset.size == 'x'", "FAIL"), "rules[0].when", "column 19: found no matching overload"},
		"no condition but text":  {rule("report.verdict", "FAIL"), "rules[0].when", "true or false"},
		"what cannot be told":    {rule("report.labels[0].value", "FAIL"), "rules[0].when", "true or false"},
		"a loop that builds":     {rule("report.people.map(p, p.id).size() > 0", "FAIL"), "rules[0].when", "undeclared reference"},
		"loops four deep":        {rule("[1].all(a, [1].all(b, [1].all(c, [1].all(d, a+b+c+d > 0))))", "FAIL"), "rules[0].when", "nest"},
		"a bad expression":       {rule("report.verdict.matches('(')", "FAIL"), "rules[0].when", "column 24"},
		"too deep":               {rule(strings.Repeat("(", 32)+"true"+strings.Repeat(")", 32), "FAIL"), "rules[0].when", "recursion"},
		"far too deep":           {rule(strings.Repeat("(", 200)+"true"+strings.Repeat(")", 200), "FAIL"), "rules[0].when", "recursion"},
		"too long":               {rule(long, "FAIL"), "rules[0].when", "4097 bytes"},
		"a long message":         {`{"rules": [{"id": "r", "when": "true", "outcome": "FAIL", "message": "` + strings.Repeat("x", 1001) + `"}]}`, "rules[0].message", "1001 bytes"},
		"a long id":              {`{"rules": [{"id": "` + strings.Repeat("a", 65) + `", "when": "true", "outcome": "FAIL"}]}`, "rules[0].id", "65 bytes"},
		"too many":               {manyRules(policy.MaxRules + 1), "rules", "65 rules"},
		"a struct of its own":    {rule("report.Report{verdict: 'PASS'}.verdict == 'PASS'", "FAIL"), "rules[0].when", "column"},
	} {
		t.Run(name, func(t *testing.T) {
			p, err := policy.Load("", []byte(c.file))
			var bad *policy.Error
			if p != nil || !errors.As(err, &bad) || bad.Path != c.path || !strings.Contains(bad.Text, c.text) {
				t.Errorf("%v; want one at %s with %q", err, c.path, c.text)
			}
		})
	}
	for name, file := range map[string]string{
		"an expression at the limit": rule(long[:policy.MaxWhen], "FAIL"),
		"as many as there may be":    manyRules(policy.MaxRules),
		"as deep as may be":          rule(strings.Repeat("(", 31)+"true"+strings.Repeat(")", 31), "FAIL"),
		"an id at the limit":         `{"rules": [{"id": "` + strings.Repeat("a", 64) + `", "when": "true", "outcome": "FAIL"}]}`,
		"a message at the limit":     `{"rules": [{"id": "r", "when": "true", "outcome": "FAIL", "message": "` + strings.Repeat("x", 1000) + `"}]}`,
		"loops three deep":           rule("[1].all(a, [1].all(b, [1].all(c, a+b+c > 0)))", "FAIL"),
	} {
		if _, err := policy.Load("", []byte(file)); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func manyRules(n int) string {
	var list []string
	for i := range n {
		list = append(list, fmt.Sprintf(`{"id": "r%d", "when": "false", "outcome": "FAIL"}`, i))
	}
	return `{"rules": [` + strings.Join(list, ",") + `]}`
}

// TestACostlyRuleIsGivenUp: it ends soon, and says so.
func TestACostlyRuleIsGivenUp(t *testing.T) {
	r := reported(report.Pass)
	r.Findings = slices.Repeat(r.Findings, 5000)
	p := profile(t, "ci", rule(`report.findings.all(a, report.findings.all(b, report.findings.all(c, a.code + b.code != c.code)))`, "WARN"))
	began := time.Now()
	got, why := p.Apply(r)
	if got != report.Indeterminate || !strings.Contains(why[0].Text, "cost limit") {
		t.Errorf("%s, %v", got, why)
	}
	if took := time.Since(began); took > 20*time.Second {
		t.Errorf("it took %v", took)
	}
	r.Findings = r.Findings[:20]
	if got, why := p.Apply(r); got != report.Warn {
		t.Errorf("at a cost that will do: %s, %v", got, why)
	}
}

// TestWhatALabelNests: a rule sees fourteen levels of what a label holds, which lies in four of the report, each map
// counted twice; what is deeper is null.
func TestWhatALabelNests(t *testing.T) {
	value := any("x")
	for range 40 {
		value = map[string]any{"a": value}
	}
	r := reported(report.Pass)
	r.Labels[0].Value = value
	for levels, null := range map[int]bool{14: false, 15: true} {
		when := fmt.Sprintf("(report.labels[0].value%s == null) == %v", strings.Repeat(".a", levels), null)
		if got, why := profile(t, "ci", rule(when, "WARN")).Apply(r); got != report.Warn {
			t.Errorf("%d levels: %s, %v", levels, got, why)
		}
	}
}

// TestRulesAreNoWayOut: whatever a rule says, no verdict is better than without it.
func TestRulesAreNoWayOut(t *testing.T) {
	rank := map[report.Verdict]int{report.NotApplicable: 0, report.Pass: 0, report.Warn: 1, report.Indeterminate: 2, report.Fail: 3}
	for before := range rank {
		for _, when := range []string{"true", "false", "report.people[9].id == ''"} {
			for _, outcome := range []string{"PASS", "WARN", "INDETERMINATE", "FAIL"} {
				after, why := profile(t, "ci", rule(when, outcome)).Apply(reported(before, report.Reason{Event: "x", Outcome: before}))
				if rank[after] < rank[before] {
					t.Errorf("%s and %s make %s of %s: %v", when, outcome, after, before, why)
				}
			}
		}
	}
	uncompiled := &policy.Policy{Rules: []policy.Rule{{ID: "x", When: "false", Outcome: report.Fail}}}
	if got, _ := uncompiled.Apply(reported(report.Pass)); got != report.Indeterminate {
		t.Errorf("a rule that was not compiled gives %s", got)
	}
}

// BenchmarkRules holds ten rules against a report about 256 people.
func BenchmarkRules(b *testing.B) {
	r := reported(report.Pass)
	r.People = slices.Repeat(r.People, 256)
	var list []string
	for i := range 10 {
		list = append(list, fmt.Sprintf(`{"id": "r%d", "when": "report.people.exists(p, p.tokens.exists(t, t.iss == 'https://b.example'))", "outcome": "FAIL"}`, i))
	}
	p := profile(b, "ci", `{"rules": [`+strings.Join(list, ",")+`]}`)
	for b.Loop() {
		if v, why := p.Apply(r); v != report.Pass {
			b.Fatal(why)
		}
	}
}

// FuzzRule: what compiles can be held against a report, never makes it better, and is to the library's
// own package what it is here.
func FuzzRule(f *testing.F) {
	for _, s := range []string{
		`report.people.exists(p, p.state == 'verified')`, `report.asset.size / 0 == 1`, `report.labels[0].value.x.y == 2`,
		`has(report.decoded.frames)`, `report.provenance.manifests.size() > 0 ? true : false`, `'a' + report.verdict == b'x'`, `report.validationTime.getFullYear() == 2026`,
	} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, when string) {
		if strings.TrimSpace(when) != "" && len(when) <= policy.MaxWhen { // the file's reader refuses the rest
			sameAsLibrary(t, when, reported(report.Indeterminate))
		}
		p, err := policy.Load("ci", []byte(rule(when, "WARN")))
		if err != nil {
			return
		}
		if got, _ := p.Apply(reported(report.Indeterminate)); got != report.Indeterminate {
			t.Errorf("%s", got)
		}
	})
}
