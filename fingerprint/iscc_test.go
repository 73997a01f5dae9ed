package fingerprint_test

import (
	"bytes"
	"encoding/hex"
	"errors"
	"strings"
	"testing"

	"github.com/consentry/consentry/fingerprint"
)

// sequences are the vectors of draft IEP-0020: values that a decoder has to accept, and to reject.
var sequences = []struct {
	name, hex string
	units     []string // nil: to be rejected
	offset    int64
}{
	{"vector 1", "0007578c7c8fbfbdb58f29f63efeb3871553faa75ff97458d49eff5ee4ddf36bb6c92007a88248c53a852c8d7e9c547047c9a36c4052b6acabef1e2a4ce15e586e0cb305300705b41f3472493225d27edcbdb63236846a53ee28deca5e3561acc0c9bbdf81b54007a522af4a2c9cbf6a808924afd2acfa0793347b936678f5982e22fdd3dd4a0e37", []string{
		"ISCC:AADVPDD4R6733NMPFH3D57VTQ4KVH6VHL74XIWGUT37V5ZG56NV3NSI", "ISCC:EAD2RASIYU5IKLENP2OFI4CHZGRWYQCSW2WKX3Y6FJGOCXSYNYGLGBI",
		"ISCC:GADQLNA7GRZESMRF2J7NZPNWGI3II2ST5YUN5SS6GVQ2ZQGJXPPYDNI", "ISCC:IAD2KIVPJIWJZP3KQCESJL6SVT5APEZUPOJWM6HVTAXCF7OT3VFA4NY",
	}, 0},
	{"vector 2", "21018c3585376ee22d5a22039f07f3ff9e0061ff3ef7cbffffef37ff300705b41f3472493225d27edcbdb63236846a53ee28deca5e3561acc0c9bbdf81b5", []string{
		"ISCC:EEAYYNMFG5XOELK2", "ISCC:EIBZ6B7T76PAAYP7H334X77754376", "ISCC:GADQLNA7GRZESMRF2J7NZPNWGI3II2ST5YUN5SS6GVQ2ZQGJXPPYDNI",
	}, 0},
	{"an unknown subtype", "270000000000", []string{"ISCC:E4AAAAAAAA"}, 0},
	{"padding that is zero", "28000000000000", []string{"ISCC:FAAAAAAAAAAA"}, 0},
	{"empty", "", nil, 0},
	{"padding that is not zero", "28000100000000", nil, 0},
	{"length field 8", "200800" + strings.Repeat("00", 36), nil, 0},
	{"a body that is cut", "3000000000", nil, 2},
	{"a byte behind the unit", "30000000000000", nil, 6},
	{"an ISCC-CODE", "5005578c7c8fbfbdb58fa88248c53a852c8d05b41f3472493225a522af4a2c9cbf6a", nil, 0},
	{"an ISCC-ID", "60100000000000000000", nil, 0},
	{"a header that is cut", "28", nil, 0},
	{"a header of 1111", "2f00000000000000", nil, 0},
	{"a unit that is cut to eleven bytes", "2307461031421dde3e5c5a", nil, 2},
}

func TestParseSequence(t *testing.T) {
	for _, c := range sequences {
		t.Run(c.name, func(t *testing.T) {
			b, err := hex.DecodeString(c.hex)
			if err != nil {
				t.Fatal(err)
			}
			units, err := fingerprint.ParseSequence(b)
			if c.units == nil {
				var syntax *fingerprint.SyntaxError
				if !errors.As(err, &syntax) || syntax.Offset != c.offset || units != nil {
					t.Fatalf("%v, %v; expected a syntax error at %d", units, err, c.offset)
				}
				return
			}
			if err != nil || len(units) != len(c.units) {
				t.Fatalf("%v, %v", units, err)
			}
			var again []byte
			for i, u := range units {
				if u.String() != c.units[i] {
					t.Errorf("unit %d: %s, expected %s", i, u.String(), c.units[i])
				}
				again = append(again, u.Bytes()...)
			}
			if !bytes.Equal(again, b) {
				t.Errorf("written again: %x", again)
			}
		})
	}
}

func TestParseText(t *testing.T) {
	const unit = "EMDUMEBRIIO54PS4LJHBJEAZOMKQEBG6FNTCP6ZAJAIKTCAMAWINWQA"
	for _, s := range []string{"ISCC:" + unit, unit, "iscc:" + strings.ToLower(unit), unit[:20] + "-" + unit[20:]} {
		units, err := fingerprint.ParseText(s)
		if err != nil || len(units) != 1 {
			t.Errorf("%q: %v", s, err)
			continue
		}
		if _, ok := units[0].Code(); !ok || units[0].String() != "ISCC:"+unit {
			t.Errorf("%q: %v", s, units[0].String())
		}
	}
	for _, s := range []string{"", "ISCC:", unit + "=", "ISCC:" + unit[:30], "no base32!", unit[:len(unit)-1] + "B", "\n" + unit} {
		if units, err := fingerprint.ParseText(s); err == nil {
			t.Errorf("%q: %v", s, units)
		}
	}
}

func TestSequencesAtTheLimit(t *testing.T) {
	unit, _ := hex.DecodeString("300000000000") // six bytes
	at := bytes.Repeat(unit, fingerprint.MaxSequence/len(unit))
	if units, err := fingerprint.ParseSequence(at); err != nil || len(units) != len(at)/6 {
		t.Errorf("%d units, %v", len(units), err)
	}
	if _, err := fingerprint.ParseSequence(append(at, unit...)); err == nil {
		t.Error("one unit more is read")
	}
	if _, err := fingerprint.ParseText(strings.Repeat("A", 2*fingerprint.MaxSequence+1)); err == nil {
		t.Error("a long text is read")
	}
}

func TestUnitsThatHaveNoVideoCode(t *testing.T) {
	body := make([]byte, 32)
	for name, u := range map[string]fingerprint.Unit{
		"short":       {Main: fingerprint.Content, Sub: fingerprint.SubVideo, Body: body[:8]},
		"of pictures": {Main: fingerprint.Content, Sub: 1, Body: body},
		"of data":     {Main: fingerprint.Data, Body: body},
		"version 1":   {Main: fingerprint.Content, Sub: fingerprint.SubVideo, Version: 1, Body: body},
	} {
		if _, ok := u.Code(); ok {
			t.Errorf("a unit that is %s has a code", name)
		}
	}
}

func FuzzParseSequence(f *testing.F) {
	for _, c := range sequences {
		b, _ := hex.DecodeString(c.hex)
		f.Add(b)
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		units, err := fingerprint.ParseSequence(b)
		if err != nil {
			var syntax *fingerprint.SyntaxError
			if !errors.As(err, &syntax) || units != nil || syntax.Offset < 0 || syntax.Offset > int64(len(b)) {
				t.Fatalf("%v, %v", units, err)
			}
			return
		}
		var again []byte
		for i := range units {
			again = append(again, units[i].Bytes()...)
		}
		if !bytes.Equal(again, b) {
			t.Fatalf("%x is written again as %x", b, again)
		}
	})
}

func FuzzParseText(f *testing.F) {
	for _, c := range sequences {
		f.Add(strings.Join(c.units, ""))
	}
	f.Add("ISCC:EMDUMEBRIIO54PS4LJHBJEAZOMKQEBG6FNTCP6ZAJAIKTCAMAWINWQA")
	f.Add("iscc:e4aaaaaaaa")
	f.Fuzz(func(t *testing.T, s string) {
		units, err := fingerprint.ParseText(s)
		var syntax *fingerprint.SyntaxError
		if err != nil && (!errors.As(err, &syntax) || units != nil) {
			t.Fatalf("%v, %v", units, err)
		}
		for _, u := range units {
			again, err := fingerprint.ParseText(u.String())
			if err != nil || len(again) != 1 || !bytes.Equal(again[0].Bytes(), u.Bytes()) {
				t.Fatalf("%q: %v, %v", u.String(), again, err)
			}
		}
	})
}
