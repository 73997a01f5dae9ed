package consent

import (
	"bytes"
	"crypto/rand"
	"encoding/base64"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"
)

// Limits of what a bundle is made from, in bytes: the finished one has the format's own.
const (
	maxBundleText = 4 << 20 // a description: 10,000 orders of 400 bytes
	maxRosterText = 32 << 20
)

// schemes of subjects. Consent format 1, 2.
var schemes = set("hand", "isni", "hcid", "did", "wikidata", "eidr", "isan", "iss", "name")

// BundleInput is what a registry bundle is made of.
type BundleInput struct {
	// Description holds, in JSON or YAML, `iss`, `next_update`, `sequence` (it may be left out where Previous is given),
	// `orders` and `revocations`, as the format has them. Dates may be days; next_update also a span such as +30d.
	Description []byte
	// Roster is a CSV text with a header: scheme, id, from and, where wanted, until; nil: no roster.
	Roster []byte
	// Hash makes hashed entries with a fresh salt, so that the bundle names nobody; orders for ids then name hashes.
	Hash     bool
	Previous string // the bundle that this one replaces; empty: none
	Key      *PrivateKey
	Kid      string // empty: the key's own, or its RFC 7638 thumbprint
	Now      time.Time
	Random   io.Reader // for the salt; nil: the system's
}

// BuildBundle makes a registry bundle and signs it. What comes out was read back by our own reader, entry by entry; what
// could not be used, or would reach nobody, is refused with a [*RefusedError] or a [*SyntaxError].
// Consent format 1, 7.
func BuildBundle(in BundleInput) (string, error) {
	if in.Random == nil {
		in.Random = rand.Reader
	}
	d, err := readDescription(in.Description, "bundle", maxBundleText, bundleForm.json)
	if err != nil {
		return "", err
	}
	b := &bundle{in: in, description: d}
	for _, step := range []func() error{b.known, b.numbers, b.readRoster, b.readOrders, b.readRevocations, b.salt} {
		if err := step(); err != nil {
			return "", err
		}
	}
	raw, err := signCompact("consent-registry+jwt", kidOf(in.Kid, in.Key), b.payload(), in.Key)
	if err != nil {
		return "", err
	}
	if err := b.proof(raw); err != nil {
		return "", err
	}
	return raw, nil
}

func kidOf(kid string, key *PrivateKey) string {
	switch {
	case kid != "":
		return kid
	case key.Kid != "":
		return key.Kid
	}
	return key.Public.Thumbprint()
}

// bundle is the work on a bundle.
type bundle struct {
	in          BundleInput
	description value
	issuer      string
	sequence    int64
	nextUpdate  time.Time
	saltBytes   []byte
	roster      []rosterLine
	orders      []order
	orderItems  []value
	events      []value
}

// rosterLine is a line of the roster's CSV.
type rosterLine struct {
	who openSubject
	stay
}

func refuseBundle(format string, args ...any) error {
	return &RefusedError{"bundle", []string{fmt.Sprintf(format, args...)}}
}

// onlyMembers refuses members that the format does not have: a slip of the pen must not pass for a rule.
func onlyMembers(v value, path string, names ...string) error {
	if v.kind != jsonObject {
		return &SyntaxError{Offset: -1, Path: path, Reason: "not an object"}
	}
	for _, n := range v.names {
		if !slices.Contains(names, n) {
			return &SyntaxError{Offset: -1, Path: path + "." + clip(n), Reason: "unknown member; known: " + strings.Join(names, ", ")}
		}
	}
	return nil
}

func (b *bundle) known() error {
	return onlyMembers(b.description, "bundle", "iss", "sequence", "next_update", "orders", "revocations")
}

// numbers reads who speaks, in which turn, and until when.
func (b *bundle) numbers() error {
	d := b.description
	if b.issuer = d.get("iss").text; !strings.Contains(b.issuer, ":") {
		return &SyntaxError{Offset: -1, Path: "bundle.iss", Reason: "not the issuer's URI"}
	}
	last := int64(-1)
	if b.in.Previous != "" {
		old, err := ShowBundle(b.in.Previous, nil, b.in.Now)
		if err != nil {
			return fmt.Errorf("the bundle before: %w", err)
		}
		if old.Issuer != b.issuer {
			return refuseBundle("the bundle before is of %q", clip(old.Issuer))
		}
		last = old.Sequence
	}
	s := d.get("sequence")
	switch n, ok := s.integer(); {
	case s.kind == absent && b.in.Previous == "":
		return &SyntaxError{Offset: -1, Path: "bundle.sequence", Reason: "missing, and no bundle before is given to count on from"}
	case s.kind == absent:
		b.sequence = last + 1
	case !ok || n < 0:
		return &SyntaxError{Offset: -1, Path: "bundle.sequence", Reason: "not a sequence number"}
	case n <= last:
		return refuseBundle("its sequence is %d, and that of the bundle before %d: readers use the higher one", n, last)
	default:
		b.sequence = n
	}
	at, ok := readDate(d.get("next_update").text, b.in.Now)
	if !ok || !at.After(b.in.Now) {
		return &SyntaxError{Offset: -1, Path: "bundle.next_update", Reason: "not a later time: nobody could tell an old bundle"}
	}
	b.nextUpdate = at.UTC().Truncate(time.Second)
	return nil
}

// readRoster reads the CSV: whoever stands on no line is represented by nobody, so that a line that cannot be read is an
// error, and never left out.
func (b *bundle) readRoster() error {
	text := b.in.Roster
	switch {
	case text == nil:
		return nil
	case len(text) > maxRosterText:
		return &SyntaxError{Path: "roster", Reason: "larger than the limit of " + strconv.Itoa(maxRosterText) + " bytes", Large: true}
	case !utf8.Valid(text):
		return &SyntaxError{Offset: -1, Path: "roster", Reason: "not valid UTF-8"}
	}
	r := csv.NewReader(bytes.NewReader(bytes.TrimPrefix(text, []byte("\uFEFF")))) // as spreadsheets write it
	r.ReuseRecord = true
	header, err := r.Read()
	if err != nil {
		return rosterError(1, "no header: scheme,id,from,until")
	}
	column := map[string]int{}
	for i, name := range header {
		if _, twice := column[name]; twice || !slices.Contains([]string{"scheme", "id", "from", "until"}, name) {
			return rosterError(1, fmt.Sprintf("the header %q is not one of scheme, id, from, until, or stands twice", clip(name)))
		}
		column[name] = i
	}
	for _, name := range []string{"scheme", "id", "from"} {
		if _, ok := column[name]; !ok {
			return rosterError(1, "the header lacks "+name)
		}
	}
	first := map[rosterLine]int{}
	for {
		fields, err := r.Read()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			var bad *csv.ParseError
			if errors.As(err, &bad) {
				return rosterError(bad.Line, bad.Err.Error())
			}
			return err
		}
		line, _ := r.FieldPos(0)
		if len(b.roster) == maxRoster {
			return &SyntaxError{Path: "roster", Reason: fmt.Sprintf("more than %d entries", maxRoster), Large: true}
		}
		cell := func(name string) string {
			i, ok := column[name]
			if !ok {
				return ""
			}
			return strings.Clone(fields[i])
		}
		e, why := rosterEntry(cell("scheme"), cell("id"), cell("from"), cell("until"))
		if why != "" {
			return rosterError(line, why)
		}
		if at, twice := first[e]; twice {
			return rosterError(line, fmt.Sprintf("the same as line %d", at))
		}
		first[e] = line
		b.roster = append(b.roster, e)
	}
}

func rosterError(line int, why string) error {
	return &SyntaxError{Offset: -1, Path: "roster line " + strconv.Itoa(line), Reason: why}
}

func rosterEntry(scheme, id, from, until string) (e rosterLine, why string) {
	if why := badSubject(scheme, id); why != "" {
		return e, why
	}
	e.who = openSubject{scheme, id}
	var ok bool
	if e.from, ok = readDay(from); !ok {
		return e, fmt.Sprintf("from %q is neither a day nor an RFC 3339 time", clip(from))
	}
	if until == "" {
		return e, ""
	}
	if e.until, ok = readDay(until); !ok {
		return e, fmt.Sprintf("until %q is neither a day nor an RFC 3339 time", clip(until))
	}
	if !e.until.After(e.from) {
		return e, "until does not come after from"
	}
	return e, ""
}

// badSubject says why a subject would match nobody. Ids are compared byte by byte: a blank at the end is another id.
func badSubject(scheme, id string) string {
	switch {
	case !schemes[scheme]:
		return fmt.Sprintf("unknown scheme %q", clip(scheme))
	case id == "":
		return "the id is empty"
	case strings.TrimSpace(id) != id || strings.ContainsFunc(id, unicode.IsControl):
		return fmt.Sprintf("the id %q begins or ends with a blank, or holds a control character", clip(id))
	}
	return ""
}

// readDay reads a day or a time, never a span: what a roster says must not hang on when it is read.
func readDay(text string) (time.Time, bool) {
	if strings.HasPrefix(text, "+") {
		return time.Time{}, false
	}
	at, ok := readDate(text, time.Time{})
	return at.UTC(), ok
}

// salt makes the salt. It is new in every bundle, so that two bundles cannot be held against each other.
func (b *bundle) salt() error {
	if !b.in.Hash {
		return nil
	}
	b.saltBytes = make([]byte, saltSize)
	_, err := io.ReadFull(b.in.Random, b.saltBytes)
	return err
}

func textValue(s string) value { return value{kind: jsonString, text: s} }

func numberValue(n int64) value { return value{kind: jsonNumber, text: strconv.FormatInt(n, 10)} }

func timeValue(t time.Time) value { return textValue(t.UTC().Format(time.RFC3339Nano)) }

func (b *bundle) payload() value {
	book := &Registry{salt: b.saltBytes}
	roster := value{kind: jsonArray, items: make([]value, len(b.roster))}
	for i, e := range b.roster {
		v := value{kind: jsonObject}
		if b.in.Hash {
			v = v.with("h", textValue(book.hash(e.who)))
		} else {
			v = v.with("scheme", textValue(e.who.scheme)).with("id", textValue(e.who.id))
		}
		if v = v.with("from", timeValue(e.from)); !e.until.IsZero() {
			v = v.with("until", timeValue(e.until))
		}
		roster.items[i] = v
	}
	if b.in.Hash { // an order that names somebody would tell what the hashes hide
		for i := range b.orders {
			b.hideIDs(book, i)
		}
		// In the roster's own order the list would tell who stands beside whom.
		slices.SortFunc(roster.items, func(a, c value) int { return strings.Compare(a.get("h").text, c.get("h").text) })
	}
	return value{kind: jsonObject}.
		with("iss", textValue(b.issuer)).
		with("sequence", numberValue(b.sequence)).
		with("iat", numberValue(b.in.Now.Unix())).
		with("next_update", timeValue(b.nextUpdate)).
		with("salt", textValue(base64.RawURLEncoding.EncodeToString(b.saltBytes))).
		with("roster", roster).
		with("orders", value{kind: jsonArray, items: b.orderItems}).
		with("revocations", value{kind: jsonArray, items: b.events})
}

// hideIDs turns the selector of an order from ids into hashes.
func (b *bundle) hideIDs(book *Registry, i int) {
	o := &b.orders[i]
	if o.selector != "ids" {
		return
	}
	hashes := value{kind: jsonArray}
	o.selector = "hash"
	for _, id := range b.orderItems[i].get("subjects").get("ids").items {
		who, _ := parseSubject(id.text)
		hashes.items = append(hashes.items, textValue(book.hash(who)))
		delete(o.ids, id.text)
		o.ids[book.hash(who)] = true
	}
	subjects := value{kind: jsonObject}.with("select", textValue("hash")).with("hashes", hashes)
	b.orderItems[i] = b.orderItems[i].with("subjects", subjects)
}
