package trust_test

import (
	"encoding/json"
	"encoding/pem"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/consentry/consentry/trust"
)

// bundle is one of the files.
func bundle(t *testing.T, files map[string][]byte) *trust.Bundle {
	t.Helper()
	b := &trust.Bundle{}
	for _, name := range slices.Sorted(maps.Keys(files)) {
		if err := b.Add(name, files[name]); err != nil {
			t.Fatalf("%s: %v", name, err)
		}
	}
	return b
}

// taken is the lists in force once a plan was carried out.
func taken(p *trust.Plan) *trust.Set {
	dir := fstest.MapFS{}
	for name, data := range p.Files {
		dir[name] = &fstest.MapFile{Data: data}
	}
	return trust.Open(dir)
}

func TestUpdate(t *testing.T) {
	plan, err := (&trust.Set{}).Plan(bundle(t, map[string][]byte{
		"claim.json": lote(t, claimScheme, untrusted, 2, 29, later), "tsa.json": lote(t, tsaScheme, trusted, 2, 22, later),
		"products.json": products(t, record(idA, "Camera", "", func(r map[string]any) { r["dates"].(map[string]any)["lastModification"] = "2099-01-01" })),
	}))
	if err != nil || plan.Refused() != nil || !plan.Differs() {
		t.Fatalf("%v, %v", err, plan.Refused())
	}
	for _, c := range plan.Changes {
		added, removed, changed := len(c.Added), len(c.Removed), len(c.Changed)
		switch c.Title() {
		case "c2pa (claim)": // one anchor is gone, the others are not trusted any more
			if added != 0 || removed != 1 || changed != 29 || !strings.Contains(c.Changed[0], "until 2026-01-01, was from ") {
				t.Errorf("%d added, %d removed, %d changed", added, removed, changed)
			}
		case "c2pa (tsa)":
			if added+removed != 0 {
				t.Errorf("time-stamp authorities: %+v", c)
			}
		case "products":
			if added != 0 || removed < 100 || c.To.Entries != 1 {
				t.Errorf("products: %d added, %d removed", added, removed)
			}
		default:
			t.Errorf("%q", c.Title())
		}
	}
	set := taken(plan)
	list, err := set.Lists([]string{"c2pa"}, "")
	if err != nil {
		t.Fatal(err)
	}
	claim := list.Claim[0]
	if len(claim.Anchors) != 29 || len(list.TSA[0].Anchors) != 22 || claim.Source != trust.Updated || !claim.Issued.Equal(later) || len(claim.EKUs) != 1 {
		t.Errorf("%d anchors, %s, issued %v", len(claim.Anchors), claim.Source, claim.Issued)
	}
	for _, a := range claim.Anchors {
		if _, err := a.Certificate(); err != nil || !a.NotAfter.Equal(start) {
			t.Errorf("%v until %v", err, a.NotAfter)
		}
	}
	p, err := set.Products()
	if err != nil || !p.Updated || len(p.Products) != 1 {
		t.Errorf("%v, %+v", err, p)
	}
	// The other lists stay those of the binary.
	other, err := set.Lists([]string{"public-tsa"}, "")
	if err != nil || other.TSA[0].Source != trust.Embedded {
		t.Errorf("%v, %+v", err, other)
	}
	// Taking the same again changes nothing; an older one is refused.
	again, err := set.Plan(bundle(t, map[string][]byte{"c2pa.json": plan.Files["c2pa.json"], "c2pa.der": plan.Files["c2pa.der"], "products.json": plan.Files["products.json"]}))
	if err != nil || again.Differs() || again.Refused() != nil {
		t.Errorf("%v, %v, %+v", err, again.Refused(), again.Changes)
	}
}

func TestAnOfficialListTakesThePlaceOfOneThatNamesNoSource(t *testing.T) {
	first, err := (&trust.Set{}).Plan(bundle(t, map[string][]byte{"claim.json": lote(t, claimScheme, trusted, 2, 29, later)}))
	if err != nil {
		t.Fatal(err)
	}
	var list map[string]any
	if err := json.Unmarshal(first.Files["c2pa.json"], &list); err != nil {
		t.Fatal(err)
	}
	for _, p := range list["parts"].([]any) {
		p.(map[string]any)["sources"] = []any{}
	}
	if first.Files["c2pa.json"], err = json.Marshal(list); err != nil {
		t.Fatal(err)
	}
	next, err := taken(first).Plan(bundle(t, map[string][]byte{"claim.json": lote(t, claimScheme, trusted, 3, 28, later.AddDate(0, 1, 0))}))
	if err != nil || next.Refused() != nil {
		t.Fatalf("%v, %v", err, next.Refused())
	}
	got, err := taken(next).Lists([]string{"c2pa"}, "")
	if err != nil || len(got.Claim[0].Anchors) != 28 || len(got.Claim[0].Digest) != 64 {
		t.Errorf("%+v, %v", got, err)
	}
}

func TestUpdateRefusesOlderLists(t *testing.T) {
	early := start.AddDate(-1, 0, 0)
	for name, data := range map[string][]byte{
		"a lower number":           lote(t, claimScheme, trusted, 0, 30, later),
		"an earlier date of issue": lote(t, claimScheme, trusted, 1, 30, early),
		"products of another year": products(t, record(idA, "Camera", "", func(r map[string]any) { r["dates"].(map[string]any)["lastModification"] = "2025-01-01" })),
	} {
		plan, err := (&trust.Set{}).Plan(bundle(t, map[string][]byte{"x.json": data}))
		if err != nil {
			t.Fatal(err)
		}
		if plan.Refused() == nil {
			t.Errorf("%s is not refused", name)
		}
		if set := taken(plan); name != "products of another year" {
			// What lies there all the same, since the binary was renewed, gives way.
			if l, err := set.Describe("c2pa"); err != nil || l.Updated {
				t.Errorf("%s is in force: %v", name, err)
			}
		} else if p, err := set.Products(); err != nil || p.Updated {
			t.Errorf("%s are in force: %v", name, err)
		}
	}
}

// A list of a day that is yet to come would stand against every true one until then; a clock may be a day off.
func TestUpdateRefusesListsOfTheFuture(t *testing.T) {
	plan, err := (&trust.Set{}).Plan(bundle(t, map[string][]byte{"x.json": lote(t, claimScheme, trusted, 9, 30, later)}))
	if err != nil || plan.Refused() != nil {
		t.Fatal(err, plan.Refused())
	}
	issued := *plan.Changes[0].To.Issued
	plan.RefuseLater(issued.Add(-24 * time.Hour))
	if err := plan.Refused(); err != nil {
		t.Errorf("a day ahead: %v", err)
	}
	plan.RefuseLater(issued.Add(-24*time.Hour - time.Second))
	if err := plan.Refused(); err == nil || !strings.Contains(err.Error(), "yet to come") {
		t.Errorf("more than a day ahead: %v", err)
	}
}

func TestBundlesThatCannotBeTaken(t *testing.T) {
	for name, files := range map[string]map[string][]byte{
		"PEM":                     {"a.pem": []byte("Subject\n-----BEGIN CERTIFICATE-----\n")},
		"text":                    {"a.json": []byte("hello")},
		"another object":          {"a.json": []byte(`{"a":1}`)},
		"another list":            {"a.json": lote(t, "A List", trusted, 9, 1, later)},
		"a list twice":            {"a.json": lote(t, claimScheme, trusted, 2, 1, later), "b.json": lote(t, claimScheme, trusted, 3, 1, later)},
		"certificates alone":      {"c2pa.der": []byte("x")},
		"a list without its der":  {"c2pa.json": []byte(`{"name":"c2pa","parts":[{"use":"claim","anchors":[{"subject":"x","size":3}]}]}`)},
		"a list with other bytes": {"c2pa.json": []byte(`{"name":"c2pa","parts":[{"use":"claim","anchors":[{"subject":"x","size":3}]}]}`), "c2pa.der": []byte("four")},
		"a list of a strange use": {"c2pa.json": []byte(`{"name":"c2pa","parts":[{"use":"root"}]}`), "c2pa.der": nil},
		"nothing":                 {},
	} {
		b := &trust.Bundle{}
		var err error
		for _, n := range slices.Sorted(maps.Keys(files)) {
			if err == nil {
				err = b.Add(n, files[n])
			}
		}
		if err == nil {
			_, err = (&trust.Set{}).Plan(b)
		}
		if err == nil {
			t.Errorf("%s was taken", name)
		}
	}
}

func TestUpdatedListsThatCannotBeReadAreAnError(t *testing.T) {
	for name, dir := range map[string]fstest.MapFS{
		"no JSON":         {"c2pa.json": {Data: []byte("x")}, "c2pa.der": {}},
		"no certificates": {"c2pa.json": {Data: []byte(`{"name":"c2pa","parts":[{"use":"claim","anchors":[{"subject":"x","size":3}]}]}`)}},
		"another name":    {"c2pa.json": {Data: []byte(`{"name":"cawg","parts":[]}`)}, "c2pa.der": {}},
		"too large":       {"c2pa.json": {Data: make([]byte, trust.MaxList+1)}},
	} {
		if l, err := trust.Open(dir).Lists([]string{"c2pa"}, ""); err == nil || l != nil {
			t.Errorf("%s: read", name)
		}
	}
	if _, err := trust.Open(fstest.MapFS{trust.ProductsFile: {Data: []byte("x")}}).Products(); err == nil {
		t.Error("products that are none were read")
	}
	if l, err := trust.Open(fstest.MapFS{}).Describe("c2pa"); err != nil || l.Updated {
		t.Errorf("%v", err)
	}
}

// pemOf writes certificates as a bundle, with text between them.
func pemOf(ders ...[]byte) (out []byte) {
	for i, der := range ders {
		out = append(out, fmt.Sprintf("# %d\n", i)...)
		out = append(out, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})...)
	}
	return out
}

// TestPEMBundles: anchors in PEM take the place of one part; the number of it stays, and so do bounds that are in force.
func TestPEMBundles(t *testing.T) {
	day := later.AddDate(0, 0, 3).Add(17 * time.Hour)
	withdrawn, err := trust.ParseLoTE(lote(t, claimScheme, untrusted, 7, 3, later))
	if err != nil {
		t.Fatal(err)
	}
	plan, err := (&trust.Set{}).Plan(bundle(t, map[string][]byte{"x.json": lote(t, claimScheme, untrusted, 7, 3, later.Add(11*time.Minute))}))
	if err != nil || plan.Refused() != nil {
		t.Fatal(err, plan.Refused())
	}
	first := plan
	set := taken(plan)
	b := &trust.Bundle{}
	if err := b.AddPEM("c2pa", "claim", "anchors.pem", day, pemOf(withdrawn.Certificates[0], withdrawn.Certificates[1], withdrawn.Certificates[0])); err != nil {
		t.Fatal(err)
	}
	if plan, err = set.Plan(b); err != nil || plan.Refused() != nil {
		t.Fatal(err, plan.Refused())
	}
	var claim, tsa *trust.Change
	for i := range plan.Changes {
		switch c := &plan.Changes[i]; c.Use {
		case "claim":
			claim = c
		case "tsa":
			tsa = c
		}
	}
	if len(claim.Removed) != 1 || len(claim.Added)+len(claim.Changed) != 0 || claim.To.Sequence != 7 || claim.To.Entries != 2 || claim.Warning == "" || tsa.Differs() || tsa.Warning != "" {
		t.Fatalf("%+v, %+v", claim, tsa)
	}
	set = taken(plan)
	l, err := set.Describe("c2pa")
	if err != nil || !l.Updated {
		t.Fatal(l, err)
	}
	if l.Parts[0].Carried() || !l.Parts[1].Carried() {
		t.Errorf("carried: %s %v, %s %v", l.Parts[0].Use, l.Parts[0].Carried(), l.Parts[1].Use, l.Parts[1].Carried())
	}
	part := l.Parts[0]
	if part.Use != "claim" || !part.Issued.Equal(day.Truncate(24*time.Hour)) || part.NextUpdate != nil || part.Sources[0].Path != "anchors.pem" {
		t.Errorf("%+v", part)
	}
	for _, a := range part.Anchors {
		if a.NotAfter == nil {
			t.Errorf("%s is no longer withdrawn", a.Subject)
		}
	}
	// A bundle of the day of the list in force is not older than it, at whatever time of that day the list was issued; the
	// part that stays as it is gives no reason for a refusal.
	for _, c := range []struct {
		day     time.Time
		refused string
	}{{later, ""}, {later.AddDate(0, 0, -1), "list c2pa (claim): it was issued on "}} {
		same := &trust.Bundle{}
		if err := same.AddPEM("c2pa", "claim", "same.pem", c.day.Truncate(24*time.Hour), pemOf(withdrawn.Certificates[0])); err != nil {
			t.Fatal(err)
		}
		plan, err := taken(first).Plan(same)
		if err != nil || (plan.Refused() == nil) != (c.refused == "") || plan.Refused() != nil && !strings.HasPrefix(plan.Refused().Error(), c.refused) {
			t.Errorf("%s: %v, %v", c.day, err, plan.Refused())
		}
		for _, ch := range plan.Changes {
			if ch.Use != "claim" && ch.Refused != "" {
				t.Errorf("%s is refused, too: %s", ch.Title(), ch.Refused)
			}
		}
	}
	// An earlier day is refused, as is what holds no anchors or is for no list that there is.
	older := &trust.Bundle{}
	if err := older.AddPEM("c2pa", "claim", "old.pem", day.AddDate(0, 0, -1), pemOf(withdrawn.Certificates[0])); err != nil {
		t.Fatal(err)
	}
	if plan, err := set.Plan(older); err != nil || plan.Refused() == nil {
		t.Errorf("an older bundle: %v", err)
	}
	if err := older.AddPEM("c2pa", "tsa", "old.pem", day, pemOf(withdrawn.Certificates[0])); err == nil {
		t.Error("a second bundle was read")
	}
	for name, c := range map[string]struct {
		list, use string
		data      []byte
	}{
		"another list":     {"mine", "", pemOf(withdrawn.Certificates[0])},
		"another use":      {"c2pa", "root", pemOf(withdrawn.Certificates[0])},
		"several parts":    {"c2pa", "", pemOf(withdrawn.Certificates[0])},
		"two of one use":   {"cawg", "identity", pemOf(withdrawn.Certificates[0])},
		"no certificate":   {"c2pa", "claim", []byte("hello")},
		"a key":            {"c2pa", "claim", pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: []byte{0x30, 0}})},
		"no X.509":         {"c2pa", "claim", pemOf([]byte{0x30, 0})},
		"a list of a list": {"c2pa", "claim", make([]byte, trust.MaxList+1)},
	} {
		b := &trust.Bundle{}
		err := b.AddPEM(c.list, c.use, "x.pem", day, c.data)
		if err == nil {
			_, err = (&trust.Set{}).Plan(b)
		}
		if err == nil {
			t.Errorf("%s was taken", name)
		}
	}
	both := bundle(t, map[string][]byte{"x.json": lote(t, claimScheme, trusted, 9, 1, later)})
	if err := both.AddPEM("c2pa", "tsa", "x.pem", day, pemOf(withdrawn.Certificates[0])); err != nil {
		t.Fatal(err)
	}
	if _, err := (&trust.Set{}).Plan(both); err == nil {
		t.Error("two files for one list were taken")
	}
}
