package xmp_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/consentry/consentry/internal/xmp"
)

// packet wraps the inside of an rdf:RDF as a packet.
func packet(inside string) string {
	return `<?xpacket begin="` + "\ufeff" + `" id="W5M0MpCehiHzreSzNTczkc9d"?><x:xmpmeta xmlns:x="adobe:ns:meta/">
<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#" xmlns:plus="http://ns.useplus.org/ldf/xmp/1.0/" xmlns:ext="http://iptc.org/std/Iptc4xmpExt/2008-02-29/" xmlns:own="urn:own">` +
		inside + `</rdf:RDF></x:xmpmeta><?xpacket end="w"?>`
}

// about is a description of the file with the inside given.
func about(inside string) string {
	return packet(`<rdf:Description rdf:about="">` + inside + `</rdf:Description>`)
}

func TestParse(t *testing.T) {
	for _, c := range []struct{ name, packet, want string }{
		{"nothing", packet(``), `{}`},
		{"no RDF", `<a/>`, `{}`},
		{"a text", about(`<plus:ModelReleaseStatus> MR-UMR </plus:ModelReleaseStatus>`), `{"plus:ModelReleaseStatus":"MR-UMR"}`},
		{"an attribute", packet(`<rdf:Description plus:ModelReleaseStatus="MR-UMR"/>`), `{"plus:ModelReleaseStatus":"MR-UMR"}`},
		{"a resource", about(`<plus:ModelReleaseStatus rdf:resource="http://ns.useplus.org/ldf/vocab/MR-NON"/>`), `{"plus:ModelReleaseStatus":"http://ns.useplus.org/ldf/vocab/MR-NON"}`},
		{"an array", about(`<ext:PersonInImage><rdf:Bag><rdf:li>Ada</rdf:li><rdf:li/><rdf:li>Ben &amp; &#x43;</rdf:li></rdf:Bag></ext:PersonInImage>`), `{"Iptc4xmpExt:PersonInImage":["Ada","Ben \u0026 C"]}`},
		{"a choice of languages", about(`<ext:A><rdf:Alt><rdf:li xml:lang="x-default">a</rdf:li></rdf:Alt></ext:A>`), `{"Iptc4xmpExt:A":["a"]}`},
		{"a structure", about(`<ext:A><rdf:Description><ext:B>b</ext:B></rdf:Description></ext:A>`), `{"Iptc4xmpExt:A":{"Iptc4xmpExt:B":"b"}}`},
		{"a structure by parse type", about(`<ext:A rdf:parseType="Resource"><ext:B>b</ext:B></ext:A>`), `{"Iptc4xmpExt:A":{"Iptc4xmpExt:B":"b"}}`},
		{"a structure of attributes", about(`<ext:A ext:B="b"/>`), `{"Iptc4xmpExt:A":{"Iptc4xmpExt:B":"b"}}`},
		{"an array of structures", about(`<ext:PersonInImageWDetails><rdf:Bag><rdf:li rdf:parseType="Resource"><ext:PersonName><rdf:Alt><rdf:li>Ada</rdf:li></rdf:Alt></ext:PersonName></rdf:li></rdf:Bag></ext:PersonInImageWDetails>`), `{"Iptc4xmpExt:PersonInImageWDetails":[{"Iptc4xmpExt:PersonName":["Ada"]}]}`},
		{"another prefix of the same namespace", strings.ReplaceAll(about(`<plus:ModelReleaseID>1</plus:ModelReleaseID>`), "plus:", "p:") + ``, ""},
		{"another namespace of the same prefix", strings.ReplaceAll(about(`<plus:ModelReleaseID>1</plus:ModelReleaseID>`), "http://ns.useplus.org/ldf/xmp/1.0/", "urn:x"), `{"{urn:x}ModelReleaseID":"1"}`},
		{"two descriptions and two values", packet(`<rdf:Description ext:ModelAge="40"/><rdf:Description><ext:ModelAge><rdf:Bag><rdf:li>17</rdf:li></rdf:Bag></ext:ModelAge></rdf:Description>`), `{"Iptc4xmpExt:ModelAge":["40","17"]}`},
		{"a comment in the text", about(`<ext:ModelAge>1<!-- 8 -->7</ext:ModelAge>`), `{"Iptc4xmpExt:ModelAge":"17"}`},
		{"what nobody knows", packet(`<own:Thing><ext:ModelAge>17</ext:ModelAge></own:Thing>`), `{}`},
		{"padding", packet(``) + "\x00\x00\n\x00", `{}`},
	} {
		t.Run(c.name, func(t *testing.T) {
			text := c.packet
			if c.name == "another prefix of the same namespace" {
				text = strings.Replace(text, "xmlns:plus=", "xmlns:p=", 1)
				c.want = `{"plus:ModelReleaseID":"1"}`
			}
			if c.name == "padding" {
				text = strings.TrimSuffix(text, "\n\x00")
			}
			got, err := xmp.Parse([]byte(text))
			if err != nil {
				t.Fatal(err)
			}
			if b, _ := json.Marshal(got); string(b) != c.want {
				t.Errorf("%s, want %s", b, c.want)
			}
		})
	}
}

func TestParseRefuses(t *testing.T) {
	for name, text := range map[string]string{
		"a document type":    `<!DOCTYPE x [<!ENTITY a "b">]>` + packet(``),
		"an entity":          about(`<ext:A>&a;</ext:A>`),
		"a broken element":   about(`<ext:A>`),
		"an end too soon":    `<a><b></a>`,
		"not UTF-8":          about("<ext:A>\xff</ext:A>"),
		"another encoding":   `<?xml version="1.0" encoding="utf-16"?>` + packet(``),
		"an attribute twice": packet(`<rdf:Description ext:ModelAge="40" ext:ModelAge="17"/>`),
		"a literal":          about(`<ext:A rdf:parseType="Literal"><b/></ext:A>`),
		"cut":                packet(``)[:300],
	} {
		got, err := xmp.Parse([]byte(text))
		var bad *xmp.SyntaxError
		if got != nil || !errors.As(err, &bad) || bad.Offset < 0 || bad.Offset > int64(len(text)) {
			t.Errorf("%s: %v, %v", name, got, err)
		}
	}
}

func TestLimits(t *testing.T) {
	ok := func(text string) bool {
		_, err := xmp.Parse([]byte(text))
		return err == nil
	}
	for _, c := range []struct {
		name string
		with func(n int) string
		most int
	}{
		{"depth", func(n int) string { return strings.Repeat("<a>", n) + strings.Repeat("</a>", n) }, xmp.MaxDepth},
		{"elements", func(n int) string { return "<a>" + strings.Repeat("<a/>", n-1) + "</a>" }, xmp.MaxElements},
		{"attributes", func(n int) string {
			return "<a>" + strings.Repeat(`<a b=""/>`, (n-2)/2) + strings.Repeat("<a/>", n%2+1) + "</a>"
		}, xmp.MaxElements},
		{"bytes", func(n int) string { return "<a>" + strings.Repeat("x", n-7) + "</a>" }, xmp.MaxPacket},
	} {
		if !ok(c.with(c.most)) || ok(c.with(c.most+1)) {
			t.Errorf("%s: at the limit %v, past it %v", c.name, ok(c.with(c.most)), ok(c.with(c.most+1)))
		}
	}
}

func BenchmarkParse(b *testing.B) {
	var s strings.Builder
	for i := range 2000 {
		fmt.Fprintf(&s, `<ext:P%d><rdf:Bag><rdf:li>x</rdf:li></rdf:Bag></ext:P%d>`, i, i)
	}
	text := []byte(about(s.String()))
	b.SetBytes(int64(len(text)))
	for b.Loop() {
		if _, err := xmp.Parse(text); err != nil {
			b.Fatal(err)
		}
	}
}

// FuzzParse: what is read is not larger than the packet, and is the same each time.
func FuzzParse(f *testing.F) {
	for _, s := range []string{
		packet(``), about(`<ext:ModelAge><rdf:Bag><rdf:li>17</rdf:li></rdf:Bag></ext:ModelAge>`), about(`<ext:A rdf:parseType="Resource"><ext:B>b</ext:B></ext:A>`),
		`<!DOCTYPE x>`, about(`<ext:A ext:B="b" rdf:resource="c"><own:q/>d</ext:A>`), strings.Repeat("<a>", 40), "",
	} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		one, err := xmp.Parse(b)
		two, again := xmp.Parse(b)
		x, _ := json.Marshal(one)
		y, _ := json.Marshal(two)
		if string(x) != string(y) || (err == nil) != (again == nil) || (one == nil) != (err != nil) {
			t.Fatalf("%s, %v; %s, %v", x, err, y, again)
		}
		if n := texts(one); n > len(b) {
			t.Errorf("%d bytes of text in a packet of %d", n, len(b))
		}
	})
}

// texts counts the bytes of all values.
func texts(v any) (n int) {
	switch x := v.(type) {
	case string:
		return len(x)
	case []any:
		for _, item := range x {
			n += texts(item)
		}
	case map[string]any:
		for _, item := range x {
			n += texts(item)
		}
	}
	return n
}
