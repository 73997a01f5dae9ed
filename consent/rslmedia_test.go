package consent

import (
	"errors"
	"slices"
	"strings"
	"testing"
)

const rslHead = `<rsl xmlns="https://rslstandard.org/rsl" xmlns:media="https://rslmedia.org/media/1.0">`

// ours is a record of one subject.
func ours(subject, license string) string {
	return rslHead + `<content url="https://registry.example/1">` + subject + `<license>` + license + `</license></content></rsl>`
}

const (
	byElement = `<media:subject scheme="hand">10.23/P-1</media:subject>`
	forbids   = `<prohibits type="usage">media:ai-generate</prohibits>`
)

// rslTexts are documents, good and corrupted, each with what an entry for hand:10.23/P-1 comes to.
var rslTexts = []struct {
	name, text string
	state      string // verified, or conflict: the person's own token and the record contradict each other; empty: not read
	large      bool
}{
	{"a prohibition", ours(byElement, forbids), "conflict", false},
	{"a prohibition, spelt scheme:id", ours(`<media:subject id="hand:10.23/P-1"/>`, forbids), "conflict", false},
	{"a prohibition, by address", ours(`<media:subject href="https://doi.org/10.23/P-1"/>`, forbids), "conflict", false},
	{"a prohibition, by the address of the content", rslHead + `<content url="https://doi.org/10.23/P-1"><license>` + forbids + `</license></content></rsl>`, "conflict", false},
	{"a license that says nothing", ours(byElement, ""), "verified", false},
	{"rights around the license", rslHead + `<content>` + byElement + `<rights><license>` + forbids + `</license></rights></content></rsl>`, "conflict", false},
	{"of everything", ours(byElement, `<prohibits type="usage">search, all</prohibits>`), "conflict", false},
	{"without a type", ours(byElement, `<prohibits>ai-all</prohibits>`), "conflict", false},
	{"of a usage that nobody knows", ours(byElement, `<prohibits type="usage">media:hologram</prohibits>`), "conflict", false},
	{"beside a permission", ours(byElement, `<permits type="usage">ai-generate</permits>`+forbids), "conflict", false},
	{"in a second license", ours(byElement, `<permits type="usage">all</permits></license><license>`+forbids), "conflict", false},
	{"of finding alone", ours(byElement, `<prohibits type="usage">search ai-index</prohibits>`), "verified", false},
	{"of training, where nobody asks for it", ours(byElement, `<prohibits type="usage">ai-train</prohibits>`), "verified", false},
	{"by place alone", ours(byElement, `<prohibits type="geo">US</prohibits>`), "verified", false},
	{"of somebody else", ours(`<media:subject scheme="hand">10.23/eve</media:subject>`, forbids), "verified", false},
	{"of two people in two records", rslHead + `<content>` + byElement + `<license/></content><content id="hand:10.23/eve"><license>` + forbids + `</license></content></rsl>`, "verified", false},
	{"a name inside the license", ours("", forbids+`<payment><standard>hand:10.23/P-1</standard></payment>`), "verified", false},
	{"a prohibition outside a license", rslHead + `<content>` + byElement + forbids + `</content></rsl>`, "verified", false},
	{"a permission", ours(byElement, `<permits type="usage">ai-generate</permits>`), "verified", false},
	{"comments and instructions", `<?xml version="1.0"?><!-- x -->` + ours(byElement, forbids) + "<!-- y -->\n", "conflict", false},
	{"five entities", ours(byElement, `<terms>&amp;&lt;&gt;&apos;&quot;</terms>`+forbids), "conflict", false},

	{"a document type", `<!DOCTYPE rsl>` + ours(byElement, forbids), "", false},
	{"an entity of its own", `<!DOCTYPE rsl [<!ENTITY a "hand:10.23/P-1">]>` + ours(`<s id="&a;"/>`, forbids), "", false},
	{"an entity that nobody declares", ours(`<s id="&ada;"/>`, forbids), "", false},
	{"another root", `<html xmlns="https://rslstandard.org/rsl"/>`, "", false},
	{"another namespace", `<rsl xmlns="https://evil.example/rsl"/>`, "", false},
	{"a namespace that only begins alike", `<rsl xmlns="https://rslstandard.org/rslx"/>`, "", false},
	{"no namespace", `<rsl/>`, "", false},
	{"cut off", ours(byElement, forbids)[:200], "", false},
	{"two documents", ours(byElement, forbids) + `<rsl xmlns="https://rslstandard.org/rsl"/>`, "", false},
	{"text behind it", ours(byElement, forbids) + "x", "", false},
	{"not UTF-8", ours("<s>\xff</s>", forbids), "", false},
	{"another encoding", `<?xml version="1.0" encoding="utf-16"?>` + ours(byElement, forbids), "", false},
	{"nested as deep as may be", ours(byElement, forbids+strings.Repeat("<a>", 29)+strings.Repeat("</a>", 29)), "conflict", false},
	{"nested deeper", ours(byElement, forbids+strings.Repeat("<a>", 30)+strings.Repeat("</a>", 30)), "", true},
	{"as many elements as may be", ours(byElement, forbids+strings.Repeat("<a/>", 200_000-10)), "conflict", false},
	{"an element more", ours(byElement, forbids+strings.Repeat("<a/>", 200_000-9)), "", true},
	{"as many names as may be", ours(byElement+strings.Repeat(`<s>did:a:b</s>`, 20_000-1), forbids), "conflict", false},
	{"a name more", ours(byElement+strings.Repeat(`<s>did:a:b</s>`, 20_000), forbids), "", true},
	{"a name as long as may be", ours(`<s>hand:10.23/P-1</s><s>hand:`+strings.Repeat("x", 507)+`</s>`, forbids), "conflict", false},
	{"a prohibition behind many others, in pieces", ours(byElement, `<prohibits type="usage">`+strings.Repeat("search <!-- -->", 100)+`media:ai-generate</prohibits>`), "conflict", false},
	{"as many bytes of uses as may be", ours(byElement, `<prohibits>search`+strings.Repeat(" ", 64<<10-11)+`<!-- -->train</prohibits>`), "conflict", false},
	{"a byte of uses more", ours(byElement, `<prohibits>search`+strings.Repeat(" ", 64<<10-10)+`<!-- -->train</prohibits>`), "", true},
	{"a byte of permissions more", ours(byElement, `<permits>search`+strings.Repeat(" ", 64<<10-10)+`<!-- -->train</permits>`+forbids), "", true},
	{"a name behind white space, in pieces", ours(`<s>`+strings.Repeat(" ", 600)+`<!-- -->hand:10.23/P-1</s>`, forbids), "conflict", false},
	{"a name that goes on behind the limit", ours(`<s>hand:10.23/P-1`+strings.Repeat("x", 600)+`<!-- -->y</s>`, forbids), "verified", false},
	{"as many bytes as may be", padded(4 << 20), "conflict", false},
	{"a byte more", padded(4<<20 + 1), "", true},
}

func padded(size int) string {
	text := ours(byElement, forbids)
	return text + strings.Repeat(" ", size-len(text))
}

func TestRecords(t *testing.T) {
	for _, c := range rslTexts {
		t.Run(c.name, func(t *testing.T) {
			r, err := ParseRecords([]byte(c.text))
			var bad *SyntaxError
			if err != nil && (!errors.As(err, &bad) || r != nil) {
				t.Fatalf("%v with %v", err, r)
			}
			if (err == nil) != (c.state != "") {
				t.Fatalf("read: %v", err)
			}
			if err == nil {
				if got := recorded(t, "performer", "", false, nil, c.text).People[0].State; (got == "verified") != (c.state == "verified") {
					t.Errorf("%s, want %s", got, c.state)
				}
			}
			if bad != nil && bad.Large != c.large {
				t.Errorf("a limit: %v, want %v (%v)", bad.Large, c.large, bad)
			}
		})
	}
}

func FuzzRecords(f *testing.F) {
	seeds := 0
	for _, c := range rslTexts {
		if len(c.text) < 4096 {
			f.Add(c.text)
			seeds++
		}
	}
	if seeds < 5 {
		f.Fatal("no seeds")
	}
	f.Fuzz(func(t *testing.T, text string) {
		r, err := ParseRecords([]byte(text))
		var bad *SyntaxError
		switch {
		case err == nil && r == nil, err != nil && (r != nil || !errors.As(err, &bad)):
			t.Fatalf("%v with %v", err, r)
		case err == nil && (strings.Contains(text, "<!DOCTYPE") && !strings.Contains(text, "<!--") && !strings.Contains(text, "CDATA") && !strings.Contains(text, "<?")):
			t.Fatal("a document type was read")
		}
	})
}

// recorded judges one person for whom an issuer grants, and of whom documents are at hand.
func recorded(t *testing.T, role, use string, minor bool, person object, texts ...string) *Judgement {
	t.Helper()
	list, err := ParseTrustList([]byte(testTrust(t).text(t)))
	if err != nil {
		t.Fatal(err)
	}
	token := by(role).set("consent.modality", []string{"face"}).set("consent.operation", []string{"generate", "train"}).set("consent.training", "allow")
	entry := object{"id": "p1", "kind": "real", "rendering": "replica", "modality": []string{"face"}, "subject": object{"scheme": "hand", "id": "10.23/P-1"}, "tokens": []int{0}, "basis": "token"}
	for name, v := range person {
		entry = entry.set(name, v)
	}
	f := &Facts{
		Now: today, T: Time{At: made, Kind: "T2"}, Manifest: Manifest{Label: "m", State: ManifestTrusted, Created: true},
		ClaimSigner: &Signer{DN: map[string]string{}, SPKI: signerSPKI, X5T: signerX5T, JKT: signerJKT},
		Metadata:    Metadata{Minor: minor},
	}
	f.Assertion = &Declaration{Bytes: []byte(object{
		"v": 1, "completeness": "complete", "people": []any{entry}, "tokens": []any{object{"jwt": minted(t, token)}},
		"generation": object{"provider": generator, "purpose": []string{"entertainment.scripted"}, "territory": []string{"US"}},
	}.text(t))}
	terms := Terms{MinLevel: "E3", Status: StatusIgnore, Asked: true, OwnAsked: true}
	if use != "" {
		terms.Use.Operation = []string{use}
	}
	return Judge(f, &Trust{List: list, Registries: texts}, terms)
}

func TestRecordsAreRefusals(t *testing.T) {
	own := func(license string) string { return ours(byElement, license) }
	no := own(forbids)
	yes := own(`<permits type="usage">all</permits>`)
	for _, c := range []struct {
		name, role, use string
		minor           bool
		person          object
		texts           []string
		state, code     string
		lacks           string
	}{
		{name: "none at hand", role: "performer", state: "verified", lacks: "consent.registry.refused"},
		{name: "a prohibition against the person's own token", role: "performer", texts: []string{no}, state: "unresolved", code: "consent.registry.conflict"},
		{name: "a prohibition where nothing was granted", role: "performer", person: object{"tokens": nil, "basis": nil}, texts: []string{no}, state: "refused", code: "consent.registry.refused", lacks: "consent.registry.permission"},
		{name: "a prohibition of somebody who is called invented", role: "performer", person: object{"kind": "synthetic", "tokens": nil, "basis": nil}, texts: []string{no}, state: "refused", code: "consent.registry.refused"},
		{name: "a prohibition of somebody who is shown as they were filmed", role: "performer", person: object{"rendering": "authentic", "tokens": nil, "basis": nil}, texts: []string{no}, state: "not-required", lacks: "consent.registry.refused"},
		{name: "a prohibition in the second document", role: "performer", texts: []string{yes, no}, state: "unresolved", code: "consent.registry.permission"},
		{name: "a prohibition of training, asked for", role: "performer", use: "train", texts: []string{own(`<prohibits>ai-train</prohibits>`)}, state: "unresolved", code: "consent.registry.refused"},
		{name: "a prohibition of training, not asked for", role: "performer", texts: []string{own(`<prohibits>ai-train</prohibits>`)}, state: "verified", lacks: "consent.registry.refused"},
		{name: "a permission beside a token", role: "performer", texts: []string{yes}, state: "verified", code: "consent.registry.permission"},
		{name: "a permission alone", role: "performer", person: object{"tokens": nil, "basis": nil}, texts: []string{yes}, state: "undeclared", code: "consent.registry.permission"},
		{name: "a permission for a minor", role: "performer", minor: true, person: object{"tokens": nil, "basis": nil}, texts: []string{yes}, state: "undeclared", lacks: "consent.registry.permission"},
		{name: "a prohibition for a minor", role: "performer", minor: true, person: object{"tokens": nil, "basis": nil}, texts: []string{no}, state: "refused", code: "consent.registry.refused"},
		{name: "a person named by a commitment that nothing opens", role: "performer", person: object{"subject": object{"commit": digest}, "tokens": nil, "basis": nil}, texts: []string{no}, state: "undeclared", lacks: "consent.registry.refused"},
		{name: "a document that cannot be read", role: "performer", texts: []string{no[:len(no)-1]}, state: "verified", code: "consent.registry.unreadable"},
		{name: "a document over a limit", role: "performer", texts: []string{padded(maxRecords + 1)}, state: "verified", code: "consent.input.tooLarge"},
	} {
		t.Run(c.name, func(t *testing.T) {
			j := recorded(t, c.role, c.use, c.minor, c.person, c.texts...)
			var codes []string
			for _, f := range append(j.Findings, j.People[0].Findings...) {
				codes = append(codes, f.Code)
			}
			if j.People[0].State != c.state || c.code != "" && !slices.Contains(codes, c.code) || slices.Contains(codes, c.lacks) {
				t.Errorf("%s: %v", j.People[0].State, codes)
			}
			unread := c.code == "consent.registry.unreadable" || c.code == "consent.input.tooLarge"
			if (len(j.RejectedLists) > 0) != unread {
				t.Errorf("lists that are not used: %v", j.RejectedLists)
			}
		})
	}
}
