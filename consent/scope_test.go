package consent

import (
	"slices"
	"strings"
	"testing"

	"github.com/consentry/consentry/report"
)

// TestSubjects walks the ways in which a token and an entry name one person. Consent format 1, 3.2.
func TestSubjects(t *testing.T) {
	salt := []byte("0123456789abcdef")
	commit := Commit(salt, "hand", "10.23/P-1")
	// The digest of section 2, made here by hand: prefix, zero, salt, scheme, zero, id.
	if want := digestOf("consentry/subject/1\x00" + string(salt) + "hand" + "\x00" + "10.23/P-1"); commit != want {
		t.Fatalf("commitment %s, want %s", commit, want)
	}
	if Commit(salt[1:], "hand", "x") != "" {
		t.Error("a short salt commits")
	}
	other := Commit(salt, "hand", "10.23/P-9")
	open, closed := &Subject{Scheme: "hand", ID: "10.23/P-1"}, &Subject{Commit: commit}
	salted := aGrant().set("sub", nil).set("sub_commit", commit).set("sub_salt", b64(string(salt)))
	const mismatch, unauthorised = "consent.token.subjectMismatch", "consent.issuer.notAuthorizedForSubject"
	runs := []struct {
		name  string
		token object
		want  *Subject
		code  string
	}{
		{"by name", aGrant(), open, ""},
		{"by commitment, the same", salted, closed, ""},
		{"by commitment, opened by sub and salt", aGrant().set("sub_salt", b64(string(salt))), closed, ""},
		{"by name, opened by the salt", salted, open, ""},
		{"commitment of another", salted.set("sub_commit", other), open, mismatch},
		{"another commitment", salted.set("sub_commit", other), closed, mismatch},
		{"another salt", aGrant().set("sub_salt", b64("fedcba9876543210")), closed, mismatch},
		{"a short salt", aGrant().set("sub_salt", b64("short")), closed, mismatch},
		{"the same id in another scheme", aGrant(), &Subject{Scheme: "isni", ID: "10.23/P-1"}, mismatch},
		{"a colon moved", aGrant(), &Subject{Scheme: "hand:10.23/P-1", ID: ""}, mismatch},
		{"a colon moved into the id", aGrant().set("sub", "a:b:c"), &Subject{Scheme: "a:b", ID: "c"}, mismatch},
		{"bidi and control characters", aGrant(), &Subject{Scheme: "hand", ID: "10.23/P-1\u202e\x07"}, mismatch},
		{"two people in one token", salted.set("sub", person).set("sub_commit", other), open, mismatch},
		{"one person named twice", salted.set("sub", person), open, ""},
		{"a commitment that nothing opens", salted.set("sub_salt", nil), closed, unauthorised},
		{"no subject", aGrant(), nil, mismatch},
		{"an empty subject", aGrant(), &Subject{}, mismatch},
	}
	for _, c := range runs {
		t.Run(c.name, func(t *testing.T) {
			w := newWorld(t)
			w.e.subject = c.want
			r := w.c.check(tokenInput{raw: minted(t, c.token), entry: w.e})
			if c.code == "" && len(r.atGeneration.failures) > 0 || c.code != "" && !slices.Contains(r.atGeneration.failures, c.code) {
				t.Errorf("failures %v, want %q", r.atGeneration.failures, c.code)
			}
		})
	}
}

// TestNeeds walks section 3.3.
func TestNeeds(t *testing.T) {
	for _, c := range []struct {
		kind, rendering string
		modality        string
		want            string
	}{
		{"real", "replica", "face", "generate"},
		{"unknown", "replica", "face", "generate"},
		{"real", "resemblance", "face", "generate"},
		{"deceased", "replica", "face", "reanimate"},
		{"deceased", "resemblance", "face", "generate"},
		{"real", "altered", "voice", "dub alter"},
		{"real", "altered", "face", "alter"},
		{"real", "altered", "face voice", "alter"},
		{"real", "authentic", "face", ""},
		{"real", "none", "face", ""},
		{"synthetic", "replica", "face", ""},
		{"fictional", "resemblance", "face", ""},
		{"group", "replica", "face", "generate"},
	} {
		if got := strings.Join(needs(false, c.kind, c.rendering, strings.Fields(c.modality)), " "); got != c.want {
			t.Errorf("%s of %s by %s: %q, want %q", c.rendering, c.kind, c.modality, got, c.want)
		}
	}
	for _, rendering := range []string{"replica", "resemblance", "altered", "none"} { // the last two are no renderings of a work
		if got := needs(true, "", rendering, []string{"voice"}); !slices.Equal(got, []string{"generate"}) {
			t.Errorf("%s of a work: %v", rendering, got)
		}
	}
}

// TestTermsUnderOthers: a term covers itself and what stands under it, and nothing that only begins alike.
func TestTermsUnderOthers(t *testing.T) {
	for _, c := range []struct {
		term, top string
		want      bool
	}{
		{"entertainment", "entertainment", true},
		{"entertainment.music", "entertainment", true},
		{"entertainment.music.pop", "entertainment", true},
		{"entertainments", "entertainment", false},
		{"entertainment-music", "entertainment", false},
		{"entertainment", "entertainment.music", false},
		{"education", "entertainment", false},
		{".x", "", true},
		{"x", "", false},
	} {
		if under(c.term, c.top) != c.want {
			t.Errorf("%q under %q: %v", c.term, c.top, !c.want)
		}
	}
}

func TestTerritories(t *testing.T) {
	for _, c := range []struct {
		code, top string
		want      bool
	}{
		{"US", "US", true},
		{"US-CA", "US", true},
		{"US", "US-CA", false},
		{"UM", "US", false},
		{"FR", "EU", true},
		{"FR-75", "EU", true},
		{"GB", "EU", false},
		{"FR", "DE", false},
		{"FR-75", "DE", false},
		{"CH", "EU", false},
		{"EU", "EU", true},
		{"EU", "FR", false},
		{"JP", "*", true},
		{"*", "*", true},
		{"*", "US", false},
		{"us", "US", false},
		{"US-", "US", false},
		{"US-TOOLONG", "US", false},
		{"XX", "EU", false},
		{"USCA", "US", false},
		{"US-ca", "US", false},
		{"US-@", "US", false},
		{"US-[", "US", false},
		{"US-/", "US", false},
		{"US-:", "US", false},
		{"US-A0Z", "US", true},
		{"US-9", "US", true},
		{"US-C A", "US", false},
		{"XX", "", false},
		{"", "US", false},
		{"AD AE", "EU", false},
	} {
		if got := territoryUnder(c.code, c.top); got != c.want {
			t.Errorf("%s under %s: %v", c.code, c.top, got)
		}
	}
	for code, want := range map[string]bool{"*": true, "EU": true, "US": true, "US-CA": true, "": false, "**": false, "XX": false, "U": false, "AD AE": false, "DE-": false} {
		if knownTerritory(code) != want {
			t.Errorf("%q is known: %v", code, !want)
		}
	}
	if n := len(strings.Fields(countries)); n != 249 {
		t.Errorf("%d countries; ISO 3166-1 has 249", n)
	}
	if n := len(strings.Fields(unionMembers)); n != 27 {
		t.Errorf("%d members of the union", n)
	}
	for _, c := range strings.Fields(unionMembers) {
		if country(c) != c {
			t.Errorf("%s is no country", c)
		}
	}
}

// TestRefusal shows when a refusal counts: in force, by somebody who may, and overlapping the use; whom it is addressed
// to does not matter.
func TestRefusal(t *testing.T) {
	no := func() object { return aGrant().set("consent.type", "refusal") }
	for _, c := range []struct {
		name    string
		token   object
		file    func(*world)
		refuses bool
	}{
		{"the same use", no(), nil, true},
		{"to another provider", no().set("aud", []string{"https://other.test"}), nil, true},
		{"without aud", no().set("aud", nil), nil, true},
		{"naming another signer", no().set("cnf", object{"jkt": "x"}), nil, true},
		{"another modality", no().set("consent.modality", []string{"body"}), nil, false},
		{"one modality of two", no().set("consent.modality", []string{"voice"}), nil, true},
		{"no modality: all", no().set("consent.modality", nil), nil, true},
		{"no operation: all", no().set("consent.operation", nil), nil, true},
		{"no purpose: all", no().set("consent.purpose", nil), nil, true},
		{"no purpose in the list: all", no().set("consent.purpose", []string{}), nil, true},
		{"every channel", no().set("consent.channel", []string{"*"}), func(w *world) { w.c.generation.Channel = []string{"web"} }, true},
		{"a purpose, and all are declared", no().set("consent.purpose", []string{"commercial"}), func(w *world) { w.c.generation.Purpose = []string{"*"} }, true},
		{"training, which nobody asks for", no().set("consent.operation", []string{"train"}), nil, false},
		{"training, and nothing else is needed", no().set("consent.operation", nil), func(w *world) { w.e.rendering = "authentic"; train(w) }, false},
		{"nothing is needed, and all is refused", no().set("consent.operation", nil), func(w *world) { w.e.rendering = "none" }, false},
		{"somebody who refused, called fictional", no(), func(w *world) { w.e.kind = "fictional" }, true},
		{"somebody who refused, and an invention without subject", no(), func(w *world) { w.e.kind, w.e.subject = "synthetic", nil }, false},
		{"another operation", no().set("consent.operation", []string{"dub"}), nil, false},
		{"another purpose", no().set("consent.purpose", []string{"commercial"}), nil, false},
		{"a purpose under the declared one", no().set("consent.purpose", []string{"entertainment.scripted.x"}), nil, true},
		{"an unknown purpose that is declared", no().set("consent.purpose", []string{"x.new"}), func(w *world) { w.c.generation.Purpose = []string{"x.new"} }, true},
		{"a purpose, and none declared", no().set("consent.purpose", []string{"commercial"}), func(w *world) { w.c.generation.Purpose = nil }, true},
		{"another territory", no().set("consent.territory", []string{"JP"}), nil, false},
		{"a part of the declared territory", no().set("consent.territory", []string{"US-CA"}), nil, true},
		{"everywhere declared", no().set("consent.territory", []string{"JP"}), func(w *world) { w.c.generation.Territory = []string{"*"} }, true},
		{"another channel", no().set("consent.channel", []string{"tv"}), func(w *world) { w.c.generation.Channel = []string{"web"} }, false},
		{"another work", no().set("consent.works", []string{"a"}), func(w *world) { w.c.generation.Works = []string{"b"} }, false},
		{"expired", no().set("exp", at(-1)), nil, false},
		{"by a stranger", no().set("iss", "https://registry.test").set("consent.authority", "registry"), nil, false},
		{"a minor's own", no().set("consent.subject_status", "minor"), nil, true},
		{"nothing is needed", no(), func(w *world) { w.e.rendering = "authentic" }, false},
		{"somebody who refused, called invented", no(), func(w *world) { w.e.kind = "synthetic" }, true},
		{"training, which the policy asks for", no().set("consent.operation", []string{"train"}), train, true},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := newWorld(t)
			if c.file != nil {
				c.file(w)
			}
			r := w.c.check(tokenInput{raw: minted(t, c.token), entry: w.e})
			if r.atGeneration.refusal != c.refuses || report.Has(r.findings, "consent.token.refusal") != (r.atGeneration.refusal || r.atNow.refusal) {
				t.Errorf("refuses: %v, %v", r.atGeneration.refusal, r.findings)
			}
			if r.atGeneration.level > "E2" {
				t.Errorf("a refusal has level %s", r.atGeneration.level)
			}
		})
	}
}

// TestScopesSeldomMet are grants whose scope no other test holds against such an entry.
func TestScopesSeldomMet(t *testing.T) {
	trains := aGrant().set("consent.training", "allow").set("consent.operation", []string{"generate", "train"})
	runRows(t, []row{
		{name: "a modality that the format does not know, on both sides", token: aGrant().set("consent.modality", []string{"face", "voice", "smell"}), file: func(w *world) { w.e.modality = []string{"smell"} }, want: "consent.scope.modality"},
		{name: "shown as filmed, which needs nothing", token: aGrant().set("consent.operation", []string{}), file: func(w *world) { w.e.rendering = "authentic" }},
		{name: "content that is not intimate and that nobody excludes", token: aGrant(), file: content("violence")},
		{name: "training that is allowed", token: trains, file: train},
		{name: "training that the file's own assertions forbid", token: trains, file: func(w *world) { train(w); w.c.noTraining = true }, want: "consent.scope.training"},
		{name: "training that is allowed and no operation", token: trains.set("consent.operation", []string{"generate"}), file: train, want: "consent.scope.training"},
		{name: "training among the operations and not allowed", token: trains.set("consent.training", nil), file: train, want: "consent.scope.training"},
	})
}

// TestSameName shows that two tokens of one issuer with one jti both fail, that two issuers may use the same, and that
// a forged twin voids nothing.
func TestSameName(t *testing.T) {
	w := newWorld(t)
	first, second := minted(t, aGrant()), minted(t, aGrant().set("exp", at(1000*day)))
	forged := signText(t, head().text(t), aGrant().set("exp", at(2000*day)).text(t), testKey(t, "stranger", "Ed25519"))
	w.c.readAll([]string{first, minted(t, by("guild").set("consent.type", "refusal")), forged})
	if r := w.c.check(tokenInput{raw: first, entry: w.e}); len(r.atGeneration.failures) > 0 {
		t.Errorf("alone: %v", r.atGeneration.failures)
	}
	w.c.readAll([]string{first, second, first})
	for _, raw := range []string{first, second} {
		if r := w.c.check(tokenInput{raw: raw, entry: w.e}); !slices.Contains(r.atGeneration.failures, "consent.token.malformed") {
			t.Errorf("together: %v", r.atGeneration.failures)
		}
	}
}

// TestTakingAwayNeverHelps takes every permission of a token away, one term and one member at a time, in files of many
// uses: what failed must not hold afterwards, and no level may rise.
func TestTakingAwayNeverHelps(t *testing.T) {
	wide := aGrant().set("consent.modality", []string{"face", "voice", "body"}).set("consent.operation", []string{"generate", "alter", "dub", "reanimate", "train"}).
		set("consent.purpose", []string{"entertainment", "editorial.news"}).set("consent.territory", []string{"US", "EU"}).
		set("consent.channel", []string{"tv", "web"}).set("consent.works", []string{"a", "b"}).set("consent.permit_content", []string{"nudity"}).
		set("consent.training", "allow").set("aud", []string{generator, "https://other.test"})
	scope := wide["consent"].(object)
	var lesser []object
	for _, name := range []string{"modality", "operation", "purpose", "territory", "channel", "works", "permit_content"} {
		list := scope[name].([]string)
		for i := range list {
			lesser = append(lesser, wide.set("consent."+name, slices.Delete(slices.Clone(list), i, i+1)))
		}
		lesser = append(lesser, wide.set("consent."+name, []string{}))
	}
	for _, name := range []string{"modality", "operation", "purpose", "permit_content", "training"} {
		lesser = append(lesser, wide.set("consent."+name, nil))
	}
	lesser = append(lesser, wide.set("aud", []string{generator}), wide.set("aud", []string{}),
		wide.set("consent.exclude", []string{"violence"}), wide.set("consent.exclude", []string{"nudity"}), wide.set("nbf", at(0)))
	var files []func(*world)
	for _, rendering := range []string{"replica", "altered", "resemblance"} {
		for _, use := range [][]string{nil, {"entertainment.scripted"}, {"political"}, {"entertainment", "editorial.news"}} {
			for _, where := range [][]string{nil, {"US-CA", "FR"}, {"JP"}, {"*"}} {
				for _, c := range [][]string{nil, {"nudity"}, {"violence.x"}} {
					files = append(files, func(w *world) {
						w.e.rendering = rendering
						w.c.generation.Purpose, w.c.generation.Territory, w.c.generation.Content = use, where, c
						w.c.generation.Channel, w.c.generation.Works = []string{"tv"}, []string{"b"}
					})
				}
			}
		}
	}
	raw, texts := minted(t, wide), []string{}
	for _, p := range lesser {
		texts = append(texts, minted(t, p))
	}
	base := newWorld(t)
	held := 0
	read := map[string]*reading{} // what a token proves for itself is the same in every file
	for i, change := range files {
		w := &world{&checker{now: base.c.now, t: base.c.t, signer: base.c.signer, generation: &Generation{RequestID: "r-1"}, trust: base.c.trust, statusPolicy: StatusIgnore, read: read}, &entry{}}
		*w.e = *base.e
		change(w)
		before := w.c.check(tokenInput{raw: raw, entry: w.e})
		if len(before.atGeneration.failures) == 0 {
			held++
		}
		for j, text := range texts {
			after := w.c.check(tokenInput{raw: text, entry: w.e})
			if after.atGeneration.level > before.atGeneration.level || len(before.atGeneration.failures) > 0 && len(after.atGeneration.failures) == 0 {
				t.Fatalf("file %d: token %d is worth %s and has less than one worth %s", i, j, after.atGeneration.level, before.atGeneration.level)
			}
		}
	}
	if held == 0 || held == len(files) {
		t.Errorf("the whole token holds in %d of %d files: the property was hardly asked", held, len(files))
	}
}

// BenchmarkTogether holds 256 tokens against 256 entries; each is read and verified once.
func BenchmarkTogether(b *testing.B) {
	w := newWorld(b)
	var raws []string
	for i := range 256 {
		raws = append(raws, minted(b, aGrant().set("jti", strings.Repeat("j", i+1))))
	}
	for b.Loop() {
		c := *w.c
		c.read = nil
		c.readAll(raws)
		for range 256 {
			for _, raw := range raws {
				c.check(tokenInput{raw: raw, entry: w.e})
			}
		}
	}
}
