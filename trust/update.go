package trust

import (
	"bytes"
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"
)

// Bundle is what an operator has at hand to take in place of lists in force: official lists as their publisher offers
// them, or lists in the form of the embedded ones. Files are told apart by what they hold.
type Bundle struct {
	parts    map[string]*offered // by use, of the official list
	products *Products
	lists    map[string][]byte // JSON of lists in the embedded form, by name
	ders     map[string][]byte
	pem      *anchors
}

// offered is an official list with the digest of its file.
type offered struct {
	*LoTE
	digest string
}

// The names by which the official lists call themselves, and the uses that they have here.
var schemes = map[string]string{"C2PA Trust List": "claim", "C2PA TSA Trust List": "tsa"}

// errForm is a file that is no list.
var errForm = errors.New("no list that can be taken: wanted are the official lists in JSON (C2PA-TRUST-LIST.json, C2PA-TSA-TRUST-LIST.json, conforming-products-list.json), or NAME.json and NAME.der in the form of the embedded lists")

// Add reads one file of a bundle. PEM is refused: [Bundle.AddPEM] has what such a bundle does not say.
func (b *Bundle) Add(name string, data []byte) error {
	if b.parts == nil {
		b.parts, b.lists, b.ders = map[string]*offered{}, map[string][]byte{}, map[string][]byte{}
	}
	sum := sha256.Sum256(data)
	digest := hex.EncodeToString(sum[:])
	base, isDER := strings.CutSuffix(name, ".der")
	text := bytes.TrimSpace(data)
	switch {
	case len(data) > MaxList:
		return fmt.Errorf("more than %d bytes", MaxList)
	case bytes.Contains(data, []byte("-----BEGIN ")):
		return errPEM
	case isDER:
		b.ders[base] = data
	case bytes.HasPrefix(text, []byte("[")):
		p, err := ParseProducts(data, Source{SHA256: digest})
		if err != nil {
			return err
		}
		return b.take("conforming products", b.products == nil, func() { b.products = p })
	case bytes.HasPrefix(text, []byte("{")):
		return b.object(data, digest)
	default:
		return errForm
	}
	return nil
}

func (b *Bundle) take(what string, first bool, take func()) error {
	if !first {
		return fmt.Errorf("a second file for %s", what)
	}
	take()
	return nil
}

// object reads a JSON object: an official list, or one of the embedded form.
func (b *Bundle) object(data []byte, digest string) error {
	var is struct {
		LoTE     json.RawMessage
		Name     string          `json:"name"`
		Parts    json.RawMessage `json:"parts"`
		Products json.RawMessage `json:"products"`
	}
	if err := json.Unmarshal(data, &is); err != nil {
		return err
	}
	switch {
	case is.LoTE != nil:
		l, err := ParseLoTE(data)
		if err != nil {
			return err
		}
		use, ok := schemes[l.Name]
		if !ok {
			return fmt.Errorf("a list that calls itself %q, which is none of the official ones", l.Name)
		}
		return b.take(l.Name, b.parts[use] == nil, func() { b.parts[use] = &offered{l, digest} })
	case is.Products != nil:
		p, err := readProducts(data)
		if err != nil {
			return err
		}
		return b.take("conforming products", b.products == nil, func() { b.products = p })
	case is.Parts != nil && slices.Contains(names, is.Name):
		return b.take("list "+is.Name, b.lists[is.Name] == nil, func() { b.lists[is.Name] = data })
	}
	return errForm
}

// Change is what taking a bundle would do to one list.
type Change struct {
	Name    string   `json:"name"` // of the list; products: that of conforming products
	Use     string   `json:"use,omitempty"`
	From    State    `json:"from"`
	To      State    `json:"to"`
	Added   []string `json:"added"`
	Removed []string `json:"removed"`
	Changed []string `json:"changed"`
	// Refused says why the list must not be taken; empty: it may.
	Refused string `json:"refused,omitempty"`
	// Warning says what nobody can tell of the list; empty: nothing.
	Warning string `json:"warning,omitempty"`
}

// State is how a list stands.
type State struct {
	Sequence   int        `json:"sequence,omitempty"`
	Issued     *time.Time `json:"issued,omitempty"`
	NextUpdate *time.Time `json:"nextUpdate,omitempty"`
	Date       string     `json:"date,omitempty"` // of the last change of a record, where the list has no number
	Entries    int        `json:"entries"`
}

// Differs reports whether taking it would change anything.
func (c *Change) Differs() bool {
	return len(c.Added)+len(c.Removed)+len(c.Changed) > 0 || c.From.Sequence != c.To.Sequence || c.From.Date != c.To.Date ||
		!at(c.From.Issued).Equal(at(c.To.Issued)) || !at(c.From.NextUpdate).Equal(at(c.To.NextUpdate))
}

// Plan is what a bundle would change, and the files that would hold the lists then.
type Plan struct {
	Changes []Change
	Files   map[string][]byte
}

// Refused is the first reason for which the bundle must not be taken; nil: it may.
func (p *Plan) Refused() error {
	for _, c := range p.Changes {
		if c.Refused != "" {
			return fmt.Errorf("list %s: %s", c.Title(), c.Refused)
		}
	}
	return nil
}

// RefuseLater refuses the lists that were issued after a time, by more than a clock may be wrong: one of them would
// stand against every true list up to that day.
func (p *Plan) RefuseLater(now time.Time) {
	for i := range p.Changes {
		c := &p.Changes[i]
		if t := at(c.To.Issued); c.Refused == "" && t.After(now.Add(maxAhead)) {
			c.Refused = fmt.Sprintf("it was issued on %s, which is yet to come", t.UTC().Format(time.DateOnly))
		}
	}
}

// maxAhead is how far the clock of a publisher, or this one, may be off.
const maxAhead = 24 * time.Hour

// Differs reports whether taking the bundle would change anything.
func (p *Plan) Differs() bool {
	return slices.ContainsFunc(p.Changes, func(c Change) bool { return c.Differs() })
}

// Title names a list with its use.
func (c *Change) Title() string {
	if c.Use == "" {
		return c.Name
	}
	return c.Name + " (" + c.Use + ")"
}

// Plan holds a bundle against the lists in force. An older list is refused: it may have anchors that were withdrawn
// since.
func (s *Set) Plan(b *Bundle) (*Plan, error) {
	p := &Plan{Files: map[string][]byte{}}
	if len(b.parts) > 0 {
		if b.lists[ProductsList] != nil {
			return nil, fmt.Errorf("two files for the list %s", ProductsList)
		}
		if err := p.official(s, b); err != nil {
			return nil, err
		}
	}
	if b.pem != nil {
		if b.lists[b.pem.list] != nil || b.pem.list == ProductsList && len(b.parts) > 0 {
			return nil, fmt.Errorf("two files for the list %s", b.pem.list)
		}
		if err := p.pem(s, b); err != nil {
			return nil, err
		}
	}
	for _, name := range names {
		if b.lists[name] == nil {
			continue
		}
		if err := p.own(s, name, b); err != nil {
			return nil, err
		}
	}
	for name := range b.ders {
		if b.lists[name] == nil {
			return nil, fmt.Errorf("%s.der has no %s.json beside it", name, name)
		}
	}
	if b.products != nil {
		if err := p.productList(s, b.products); err != nil {
			return nil, err
		}
	}
	if len(p.Changes) == 0 {
		return nil, errForm
	}
	return p, nil
}

// official puts official lists into the place of the parts of the list that holds them.
func (p *Plan) official(s *Set, b *Bundle) error {
	present, der, err := s.read(ProductsList)
	if err != nil {
		return err
	}
	next := &List{Name: present.Name}
	var ders []byte
	for _, part := range present.Parts {
		n := 0
		for _, a := range part.Anchors {
			n += a.Size
		}
		if o := b.parts[part.Use]; o != nil {
			part.Sequence, part.Issued, part.NextUpdate, part.Anchors = o.Part.Sequence, o.Part.Issued, o.Part.NextUpdate, o.Part.Anchors
			part.Sources = slices.Clone(part.Sources)
			if len(part.Sources) == 0 { // a list that was taken need not say any
				part.Sources = make([]Source, 1)
			}
			part.Sources[0].SHA256, part.Sources[0].Commit, part.Sources[0].Date = o.digest, "", at(o.Part.Issued).Format(time.DateOnly)
			ders = append(ders, bytes.Join(o.Certificates, nil)...)
		} else {
			ders = append(ders, der[:n]...)
		}
		der = der[n:]
		next.Parts = append(next.Parts, part)
	}
	return p.list(s, next, ders)
}

// own takes a list of the embedded form.
func (p *Plan) own(s *Set, name string, b *Bundle) error {
	h, err := readList(name, func(path string) ([]byte, error) {
		file := strings.TrimPrefix(path, "lists/")
		if strings.HasSuffix(file, ".json") {
			return b.lists[name], nil
		}
		if b.ders[name] == nil {
			return nil, fmt.Errorf("%s is not there", file)
		}
		return b.ders[name], nil
	})
	if err != nil {
		return err
	}
	h.Updated = false
	return p.list(s, h.List, h.der)
}

// list compares a list with the one in force, part by part, and keeps its files.
func (p *Plan) list(s *Set, next *List, ders []byte) error {
	present, der, err := s.read(next.Name)
	if err != nil {
		return err
	}
	before, after := entries(present, der), entries(next, ders)
	refused := older(next, present)
	for i := range next.Parts {
		part := &next.Parts[i]
		c := Change{Name: next.Name, Use: part.Use, To: stateOf(part), Refused: cmp.Or(refused[part.Use], refused[""]), Added: []string{}, Removed: []string{}, Changed: []string{}}
		if was := present.part(part.Use); was != nil {
			c.From = stateOf(was)
		}
		c.compare(before[part.Use], after[part.Use])
		p.Changes = append(p.Changes, c)
	}
	text, err := json.MarshalIndent(next, "", " ")
	if err != nil {
		return err
	}
	p.Files[next.Name+".json"], p.Files[next.Name+".der"] = append(text, '\n'), ders
	return nil
}

func stateOf(p *Part) State {
	return State{Sequence: p.Sequence, Issued: p.Issued, NextUpdate: p.NextUpdate, Entries: len(p.Anchors) + len(p.Allowed)}
}

// entry is an anchor, an allowed certificate or a product: who it is, and what may change of it.
type entry struct{ who, what string }

// entries are those of a list by use and identity, which is the digest of a certificate.
func entries(l *List, der []byte) map[string]map[string]entry {
	out := map[string]map[string]entry{}
	for _, p := range l.Parts {
		if out[p.Use] == nil {
			out[p.Use] = map[string]entry{}
		}
		for _, a := range p.Anchors {
			sum := sha256.Sum256(der[:a.Size])
			der = der[a.Size:]
			out[p.Use][hex.EncodeToString(sum[:])] = entry{a.Subject, bounds(a.NotBefore, a.NotAfter)}
		}
		for _, sum := range p.Allowed {
			out[p.Use][hex.EncodeToString(sum)] = entry{"certificate " + hex.EncodeToString(sum[:8]) + "…", ""}
		}
	}
	return out
}

func bounds(from, until *time.Time) string {
	var parts []string
	if from != nil {
		parts = append(parts, "from "+from.UTC().Format(time.DateOnly))
	}
	if until != nil {
		parts = append(parts, "until "+until.UTC().Format(time.DateOnly))
	}
	return strings.Join(parts, " ")
}

// compare lists what was added, removed and changed, each sorted.
func (c *Change) compare(before, after map[string]entry) {
	for key, is := range after {
		was, known := before[key]
		switch {
		case !known:
			c.Added = append(c.Added, is.who)
		case was.what != is.what:
			c.Changed = append(c.Changed, fmt.Sprintf("%s: %s, was %s", is.who, orNone(is.what), orNone(was.what)))
		}
	}
	for key, was := range before {
		if _, stays := after[key]; !stays {
			c.Removed = append(c.Removed, was.who)
		}
	}
	slices.Sort(c.Added)
	slices.Sort(c.Removed)
	slices.Sort(c.Changed)
}

func orNone(s string) string {
	if s == "" {
		return "without bounds"
	}
	return s
}

// productList compares the list of conforming products with the one in force.
func (p *Plan) productList(s *Set, next *Products) error {
	present, err := s.Products()
	if err != nil {
		return err
	}
	source := present.Source
	source.SHA256, source.Commit, source.Date = next.Source.SHA256, "", next.Changed()
	if next.Source.Repository == "" {
		next.Source = source
	}
	next.Updated = false
	c := Change{
		Name: "products", From: State{Date: present.Changed(), Entries: len(present.Products)},
		To: State{Date: next.Changed(), Entries: len(next.Products)}, Added: []string{}, Removed: []string{}, Changed: []string{},
	}
	if c.To.Date < c.From.Date {
		c.Refused = fmt.Sprintf("its last change is of %s, before that of the one in force", c.To.Date)
	}
	c.compare(present.entries(), next.entries())
	p.Changes = append(p.Changes, c)
	p.Files[ProductsFile], err = next.Marshal()
	return err
}

func (p *Products) entries() map[string]entry {
	out := map[string]entry{}
	for _, x := range p.Products {
		what := fmt.Sprintf("%s, %s", x.Status, strings.Join(x.Containers, " "))
		if len(x.Disallowed) > 0 {
			what += ", not " + strings.Join(x.Disallowed, " ")
		}
		out[x.ID] = entry{strings.TrimSuffix(x.Name+", "+x.Organization, ", "), what}
	}
	return out
}
