package consent

import (
	"slices"
	"time"
)

// BundleShown is what a registry bundle says.
type BundleShown struct {
	Issuer      string       `json:"iss"`
	Kid         string       `json:"kid"`
	Sequence    int64        `json:"sequence"`
	Issued      time.Time    `json:"issued"`
	NextUpdate  *time.Time   `json:"nextUpdate"` // nil: it says none
	SHA256      string       `json:"s256"`       // of the text, as `consulted` names it
	Clients     int          `json:"clients"`    // entries of the roster
	Hashed      int          `json:"hashed"`     // of them, those that name nobody
	Orders      []OrderShown `json:"orders"`
	Revocations int          `json:"revocations"`
	// Verified says that an issuer of the trust list signed it with a key for registries; Why says why not.
	Verified bool   `json:"verified"`
	Why      string `json:"why,omitempty"`

	book *Registry
}

// OrderShown is a standing order.
type OrderShown struct {
	Order     string     `json:"order"`
	Override  string     `json:"override"`
	Select    string     `json:"select"`
	Count     int        `json:"count"` // of the ids or hashes that it names
	Providers []string   `json:"providers"`
	Operation []string   `json:"operation"`
	Modality  []string   `json:"modality"`
	From      *time.Time `json:"from"`
	Until     *time.Time `json:"until"`
}

// ShowBundle reads a registry bundle whoever signed it, and says whether it verifies against a trust list, which may be
// nil. The error is a [*SyntaxError].
func ShowBundle(text string, list *TrustList, now time.Time) (*BundleShown, error) {
	c, bad := parseCompact(text, bundleForm)
	if bad != nil {
		return nil, bad
	}
	if c.closed || c.header.get("typ").text != "consent-registry+jwt" {
		return nil, &SyntaxError{Offset: -1, Path: "header.typ", Reason: "not consent-registry+jwt"}
	}
	m := &members{path: "payload", of: c.payload}
	b := newRegistry(&Issuer{ID: m.text("iss")}, text)
	iat := m.date("iat")
	if iat == nil {
		m.bad("iat", "missing")
	}
	if b.decode(m); m.err != nil {
		return nil, m.err
	}
	s := &BundleShown{
		Issuer: b.issuer.ID, Kid: c.header.get("kid").text, Sequence: b.sequence, Issued: time.Unix(*iat, 0).UTC(),
		NextUpdate: maybe(b.nextUpdate), SHA256: b.digest, Revocations: len(b.events), Orders: []OrderShown{}, book: b,
	}
	for _, stays := range b.names {
		s.Clients += len(stays)
	}
	for _, stays := range b.hashes {
		s.Hashed += len(stays)
	}
	s.Clients += s.Hashed
	for _, o := range b.orders {
		s.Orders = append(s.Orders, OrderShown{o.name, o.override, o.selector, len(o.ids), o.providers, o.operation, o.modality, maybe(o.span.from), maybe(o.span.until)})
	}
	if list == nil {
		s.Why = "no consent trust list"
	} else if _, err := openRegistry(text, list, now); err != nil {
		s.Why = err.Error()
	} else {
		s.Verified = true
	}
	return s, nil
}

func maybe(t time.Time) *time.Time {
	if t.IsZero() {
		return nil
	}
	return &t
}

// About says of a subject, at a time, whether the roster holds it, and the names of the orders in force that select it.
// Whether an order meets a video hangs on the video, too.
func (s *BundleShown) About(who Subject, at time.Time) (client bool, orders []string) {
	open := openSubject{who.Scheme, who.ID}
	client = s.book.holds(open, at)
	for _, o := range s.book.orders {
		if !o.span.holds(at) {
			continue
		}
		switch o.selector {
		case "roster":
			if client {
				orders = append(orders, o.name)
			}
		case "ids":
			if o.ids[open.String()] {
				orders = append(orders, o.name)
			}
		case "hash":
			if o.ids[s.book.hash(open)] {
				orders = append(orders, o.name)
			}
		}
	}
	slices.Sort(orders)
	return client, orders
}
