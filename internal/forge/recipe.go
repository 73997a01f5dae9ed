package forge

import (
	"bytes"
	"fmt"
	"strings"
)

// Recipe says what file is to be made. The zero value is a good one: a flat MP4 with one manifest of claim version 2,
// a c2pa.hash.bmff.v3 over the whole file, one c2pa.created action, signed with ES256.
type Recipe struct {
	Container Container
	Carrier   *Carrier // a file that is no BMFF file, in place of Container
	Manifest  Manifest
	Merkle    *Merkle                  // the content bound in parts; nil: by one hash
	Folder    func() map[string][]byte // the files of the folder that the manifest is for
	NoStore   bool                     // a file without any manifest
	Detached  bool                     // the store is not put into the file
	Exclude   []Exclusion
	Stored    []*Manifest  // further manifests that nothing refers to, before the active one
	UpdateBox bool         // the active (update) manifest in an update box at the end, the rest in an original box
	Purpose   string       // of the store's box; default "manifest"
	Pad       int          // zero bytes after the store
	Padding   func([]byte) // edits them, in a Carrier
	After     []byte       // top-level boxes right after the store's
	Tail      []byte       // top-level boxes at the end; "hashed as they are"

	moved       bool // the store after moov
	pointToFree bool // every chunk offset points into the free box

	Tree  func(store *Node)          // edits the boxes once everything is hashed and signed
	Store func([]byte) []byte        // edits the bytes of the store
	Box   func([]byte) []byte        // edits the store's uuid box
	File  func(b *Built) []byte      // edits the finished file
	Hash  func(digest []byte) []byte // edits the content hash before it is signed
}

// Manifest is one manifest of the store. C2PA 2.5, 11.
type Manifest struct {
	Label       string // default: a urn:c2pa made from its place
	Update      bool
	Legacy      bool   // superbox type c2md
	ClaimV1     bool   // claim version 1
	ClaimLabel  string // in place of c2pa.claim.v2 or c2pa.claim
	SpecVersion string // in claim_generator_info
	Alg         string // hash algorithm; default sha256
	AssertAlg   string // written into every hashed URI of the claim
	Binding     string // label of the hard binding; default c2pa.hash.bmff.v3; "none": no binding
	BindingList string // "gathered": in gathered_assertions
	BindingMap  func(*Map)
	Actions     []Action    // default: c2pa.created, trainedAlgorithmicMedia
	NoActions   bool        // no actions assertion
	ActionsV1   bool        // c2pa.actions in place of c2pa.actions.v2
	ActionsMap  func(*Map)  // edits the assertion
	Assertions  []Assertion // further ones, after binding and actions
	Ingredients []Ingredient
	Redacts     []string // URIs for redacted_assertions
	Signer      Signer

	Before     func(m *Node)       // edits the assertions' boxes before the claim lists them
	Claim      func(*Map)          // edits the claim before it is written
	ClaimBytes func([]byte) []byte // edits the claim's bytes before they are signed
	AfterSign  func(m *Node)       // edits the manifest's boxes after it was signed (and before others refer to it)
}

// Action is an action of c2pa.actions. C2PA 2.5, 16.4.1.
type Action struct {
	Name       string
	Source     string     // digitalSourceType: a term of IPTC's list, or a URI
	When       string     // RFC 3339
	Ingredient []int      // indices into the manifest's ingredients that it refers to
	Edit       func(*Map) // edits the action
}

// Assertion is an assertion of any kind.
type Assertion struct {
	Label string
	CBOR  any    // content of a CBOR box
	JSON  any    // content of a JSON box; []byte is written as it is
	File  []byte // content of an embedded file
	Media string // media type of File
	List  string // "created" (default), "gathered", "none"
	Salt  bool   // with a salt in its description box
	Alg   string // hash algorithm of its URI
	Zero  bool   // redacted in place: zeroes in place of its content
	// Late makes the content of a CBOR box once the content of the hard binding is known; its size must stay the same.
	Late func(binding []byte) any
	// Identity makes the content: an identity assertion over those before it.
	Identity *Identity
	// Stamps makes the content: time-stamps of manifests that were signed before.
	Stamps []StampOf
}

// Ingredient is an ingredient assertion and the manifest that it stands for. C2PA 2.5, 16.5.
type Ingredient struct {
	Manifest     *Manifest // nil: without provenance
	Relationship string    // default parentOf
	Version      int       // of the assertion; default 3
	Title        string
	Results      any        // validationResults in place of the usual ones
	Full         bool       // with validationResults and the thumbnail as editors write them
	Edit         func(*Map) // edits the assertion
	List         string     // as in Assertion
	ClaimHash    []byte     // in place of the hash of the claim signature
	ManifestHash []byte     // in place of the hash of the manifest
}

// IPTC is the address of a digital source type.
func IPTC(term string) string {
	return "http://cv.iptc.org/newscodes/digitalsourcetype/" + term
}

// builder carries what is known while a store is made.
type builder struct {
	recipe *Recipe
	digest []byte // of the content; zeroes in the first pass
	made   map[*Manifest]*Node
	order  []*Node
	labels map[*Manifest]string
	out    *Built
}

// defaultLabel is the label of the nth manifest made. C2PA 2.5, 9.1.
func defaultLabel(n int) string {
	b := random(fmt.Sprint("label ", n), 16)
	b[6], b[8] = b[6]&0x0f|0x40, b[8]&0x3f|0x80
	return fmt.Sprintf("urn:c2pa:%x-%x-%x-%x-%x", b[:4], b[4:6], b[6:8], b[8:10], b[10:])
}

// Make makes the file.
func Make(r Recipe) *Built {
	if c := r.Carrier; c != nil {
		own := *c // passes write into it
		own.detached = r.Detached
		r.Carrier = &own
	}
	if r.NoStore && r.Carrier != nil {
		return &Built{Data: r.Carrier.layout(nil).Data}
	}
	if r.NoStore {
		b := &Built{Data: r.Container.layout(r.After, r.Tail)}
		b.Roots = roots(b.Data)
		return b
	}
	first := r.pass(make([]byte, 64), 0)
	if r.Carrier != nil && !r.Detached {
		r.Carrier.size = len(first.Store) + r.Pad
		first = r.pass(make([]byte, 64), len(first.Store))
	}
	// The content hash is over offsets that hang on the store's size, and the size of a time-stamp's signature may
	// differ from one pass to the next: zero bytes after the store make up for it.
	sum := r.contentHash(first)
	for range 4 {
		b := r.pass(sum, len(first.Store))
		again := r.contentHash(b)
		if string(again) == string(sum) {
			if r.Merkle != nil && r.Merkle.Fragment != nil {
				r.Merkle.Fragment(b)
			}
			b.Data = r.finish(b)
			b.Roots = roots(b.Data)
			b.Detached = r.Detached
			if r.Folder != nil {
				b.Folder = r.Folder()
			}
			return b
		}
		first, sum = b, again
	}
	if r.Box == nil && r.Exclude == nil {
		panic("forge: the content hash does not settle")
	}
	// The recipe has the store bound by its own hash: such a file cannot be made right, and is not meant to be.
	first.Data = r.finish(first)
	first.Roots = roots(first.Data)
	return first
}

func (r *Recipe) finish(b *Built) []byte {
	if r.File == nil {
		return b.Data
	}
	return r.File(b)
}

// pass builds store and file with a content hash.
func (r *Recipe) pass(sum []byte, want int) *Built {
	bd := &builder{recipe: r, digest: sum, made: map[*Manifest]*Node{}, labels: map[*Manifest]string{}, out: &Built{Claims: map[string]Bytes{}, Signatures: map[string]Bytes{}}}
	for _, m := range r.Stored {
		bd.manifest(m)
	}
	bd.manifest(&r.Manifest)
	for _, n := range bd.order {
		bd.out.Labels = append(bd.out.Labels, n.Label)
	}
	main, last := bd.order, []*Node(nil)
	if r.UpdateBox {
		main, last = bd.order[:len(bd.order)-1], bd.order[len(bd.order)-1:]
	}
	purpose := r.Purpose
	if purpose == "" {
		purpose = "manifest"
		if r.UpdateBox {
			purpose = "original"
		}
	}
	head, store := r.storeBox(purpose, main, want, !r.UpdateBox)
	tail := append([]byte{}, r.Tail...)
	bd.out.Store = store
	if r.Detached {
		head = nil
	}
	if r.UpdateBox {
		var box []byte
		box, bd.out.Store = r.storeBox("update", last, want, true)
		tail = append(tail, box...)
	}
	if r.Carrier != nil {
		in := append(bytes.Clone(store), make([]byte, max(0, want-len(store))+r.Pad)...)
		if r.Padding != nil {
			r.Padding(in[len(store):])
		}
		if r.Detached {
			in = nil
		}
		bd.out.Places = r.Carrier.layout(in)
		bd.out.Data = bd.out.Places.Data
		return bd.out
	}
	if r.Merkle != nil {
		alg := ""
		if m := r.bound(); m != nil {
			alg = m.Alg
		}
		r.merkleLayout(bd.out, head, tail, sum, alg)
	} else if r.moved {
		bd.out.Data = r.Container.layout(r.After, append(head, tail...))
	} else {
		bd.out.Data = r.Container.layout(append(head, r.After...), tail)
	}
	if r.pointToFree {
		pointChunks(bd.out.Data)
	}
	bd.out.Roots = roots(bd.out.Data)
	return bd.out
}

// storeBox is the uuid box around a store; only the one with the active manifest is edited.
func (r *Recipe) storeBox(purpose string, manifests []*Node, want int, active bool) (box, store []byte) {
	tree := Super(kind("c2pa"), "c2pa", manifests...)
	if r.Tree != nil && active {
		r.Tree(tree)
	}
	store = tree.Bytes()
	if r.Store != nil && active {
		store = r.Store(store)
	}
	pad := r.Pad
	if want > len(store) && active {
		pad += want - len(store)
	}
	box = storeBox(purpose, store, pad, r.Container.LargeUUID)
	if r.Box != nil && active {
		box = r.Box(box)
	}
	return box, store
}

// manifest makes a manifest after those that it refers to, once.
func (b *builder) manifest(m *Manifest) *Node {
	if n, ok := b.made[m]; ok {
		return n
	}
	for _, ing := range m.Ingredients {
		if ing.Manifest != nil {
			b.manifest(ing.Manifest)
		}
	}
	label := m.Label
	if label == "" {
		label = defaultLabel(len(b.order))
	}
	b.labels[m] = label
	uuid := kind("c2ma")
	switch {
	case m.Update:
		uuid = kind("c2um")
	case m.Legacy:
		uuid = kind("c2md")
	}
	store := Super(kind("c2as"), "c2pa.assertions")
	node := Super(uuid, label, store)
	created, gathered := b.assertions(m, store)
	if m.Before != nil {
		m.Before(node)
	}
	claim := b.claim(m, label, store, created, gathered)
	claimLabel := "c2pa.claim.v2"
	if m.ClaimV1 {
		claimLabel = "c2pa.claim"
	}
	if m.ClaimLabel != "" {
		claimLabel = m.ClaimLabel
	}
	cose := m.Signer.Sign(claim)
	b.out.Claims[label], b.out.Signatures[label] = claim, cose
	node.Kids = append(node.Kids, Super(kind("c2cl"), claimLabel, Leaf("cbor", claim)), Super(kind("c2cs"), "c2pa.signature", Leaf("cbor", cose)))
	if m.AfterSign != nil {
		m.AfterSign(node)
	}
	b.made[m] = node
	b.order = append(b.order, node)
	return node
}

// assertions fills the assertion store, and says which labels go into which list of the claim.
func (b *builder) assertions(m *Manifest, store *Node) (created, gathered []Assertion) {
	add := func(n *Node, a Assertion) {
		store.Kids = append(store.Kids, n)
		a.Label = n.Label
		switch a.List {
		case "gathered":
			gathered = append(gathered, a)
		case "none":
		default:
			created = append(created, a)
		}
	}
	if n := b.binding(m); n != nil {
		add(n, Assertion{List: m.BindingList})
	}
	for i, ing := range m.Ingredients {
		add(b.ingredient(m, i), Assertion{List: ing.List})
	}
	if !m.NoActions && (!m.Update || len(m.Actions) > 0) {
		add(b.actions(m, store), Assertion{})
	}
	for _, a := range m.Assertions {
		if a.Late != nil {
			a.CBOR = a.Late(store.Kids[0].Kids[0].Data)
		}
		if a.Identity != nil {
			a.CBOR = a.Identity.content(b, m, store)
		}
		if a.Stamps != nil {
			a.CBOR = b.stamps(a.Stamps)
		}
		add(a.node(), a)
	}
	return created, gathered
}

func (a Assertion) node() *Node {
	var n *Node
	switch {
	case a.Zero:
		// C2PA 2.5, 14.10.3: one uuid box of this identifier with zeroes.
		data := append(unhex("CAA98EEE9D4DF80E86AD4DFFCA263973"), make([]byte, 32)...)
		n = Super(kind("uuid"), a.Label, Leaf("uuid", data))
	case a.JSON != nil:
		n = jsonBox(a.Label, a.JSON)
	case a.File != nil:
		n = fileBox(a.Label, a.Media, a.File)
	default:
		n = cborBox(a.Label, CBOR(a.CBOR))
	}
	if a.Salt {
		n.Toggles, n.Private = 0x13, salt(a.Label)
	}
	return n
}

func (b *builder) actions(m *Manifest, store *Node) *Node {
	list := m.Actions
	if list == nil {
		list = []Action{{Name: "c2pa.created", Source: "trainedAlgorithmicMedia"}}
	}
	var out []any
	for _, a := range list {
		am := Map{{"action", a.Name}}
		if a.Source != "" {
			src := a.Source
			if !strings.Contains(src, "/") {
				src = IPTC(src)
			}
			am.Set("digitalSourceType", src)
		}
		if a.When != "" {
			am.Set("when", Tag{0, a.When})
		}
		if len(a.Ingredient) > 0 {
			var refs []any
			for _, i := range a.Ingredient {
				label := ingredientLabel(m, i)
				refs = append(refs, Map{{"url", "self#jumbf=c2pa.assertions/" + label}, {"hash", digest(m.Alg, store.Find(label).Content())}})
			}
			if m.ActionsV1 {
				am.Set("parameters", Map{{"ingredient", refs[0]}})
			} else {
				am.Set("parameters", Map{{"ingredients", refs}})
			}
		}
		if a.Edit != nil {
			a.Edit(&am)
		}
		out = append(out, am)
	}
	mm := Map{{"actions", out}}
	label := "c2pa.actions"
	if !m.ActionsV1 {
		label = "c2pa.actions.v2"
		mm.Set("allActionsIncluded", true)
	}
	if m.ActionsMap != nil {
		m.ActionsMap(&mm)
	}
	return cborBox(label, CBOR(mm))
}

// claim writes the claim. C2PA 2.5, 10.2.
func (b *builder) claim(m *Manifest, label string, store *Node, created, gathered []Assertion) []byte {
	uris := func(list []Assertion) []any {
		out := []any{}
		for _, a := range list {
			alg := a.Alg
			if alg == "" {
				alg = m.AssertAlg
			}
			h := alg
			if h == "" {
				h = m.Alg
			}
			u := Map{{"url", "self#jumbf=c2pa.assertions/" + a.Label}, {"hash", digest(h, store.Find(a.Label).Content())}}
			if alg != "" {
				u.Set("alg", alg)
			}
			out = append(out, u)
		}
		return out
	}
	alg := m.Alg
	if alg == "" {
		alg = "sha256"
	}
	signature := "self#jumbf=/c2pa/" + label + "/c2pa.signature"
	info := Map{{"name", "forge"}, {"version", "1"}}
	if m.SpecVersion != "" {
		info.Set("specVersion", m.SpecVersion)
	}
	c := Map{{"instanceID", "xmp:iid:" + label}, {"signature", signature}, {"alg", alg}, {"dc:title", "forged.mp4"}}
	if m.ClaimV1 {
		c.Set("claim_generator", "forge/1")
		c.Set("claim_generator_info", []any{info})
		c.Set("dc:format", "video/mp4")
		c.Set("assertions", append(uris(created), uris(gathered)...))
	} else {
		c.Set("claim_generator_info", info)
		c.Set("created_assertions", uris(created))
		if len(gathered) > 0 {
			c.Set("gathered_assertions", uris(gathered))
		}
	}
	if len(m.Redacts) > 0 {
		var list []any
		for _, u := range m.Redacts {
			list = append(list, u)
		}
		c.Set("redacted_assertions", list)
	}
	if m.Claim != nil {
		m.Claim(&c)
	}
	out := CBOR(c)
	if m.ClaimBytes != nil {
		out = m.ClaimBytes(out)
	}
	return out
}
