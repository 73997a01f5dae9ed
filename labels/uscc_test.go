package labels_test

import (
	"strings"
	"testing"

	"github.com/consentry/consentry/internal/forge"
	"github.com/consentry/consentry/report"
)

// published are codes of services as their labels carry them, and the names under which people know these.
var published = map[string]string{
	"91110102MACQD9K640": "Doubao", "9144030008867405X2": "Jimeng", "91440101MA9Y9T4H7A": "Qwen",
	"91330106MA2CFLDG4R": "Alibaba (Wan, HappyHorse)", "91110108335469089C": "Kling", "91440300708461136T": "Tencent",
	"91110000802100433B": "Baidu", "91110105MACJ6K1C8A": "LiblibAI", "91340100MAEB4N8H76": "RunningHub",
}

// TestCheckCharacters: of published codes all are right, and each single character that is changed is noticed.
func TestCheckCharacters(t *testing.T) {
	const alphabet = "0123456789ABCDEFGHJKLMNPQRTUWXY"
	malformed := func(code string) (bool, string) {
		r := read(t, forge.FLV(forge.FLVScript("onMetaData", text("AIGC", `{"Label":"1","ContentProducer":"0011`+code+`00001"}`))))
		return report.Has(r.Findings, "label.malformed"), r.Labels[0].Producer
	}
	for code, name := range published {
		if wrong, who := malformed(code); wrong || who != name {
			t.Errorf("%s: wrong %v, producer %q", code, wrong, who)
		}
		for i := range code {
			for _, c := range "05Z" {
				if changed := code[:i] + string(c) + code[i+1:]; changed != code {
					if wrong, _ := malformed(changed); !wrong {
						t.Errorf("%s passes for %s", changed, code)
					}
				}
			}
		}
		for i := range len(code) - 1 {
			if code[i] == code[i+1] || !strings.ContainsRune(alphabet, rune(code[i])) {
				continue
			}
			if wrong, _ := malformed(code[:i] + code[i+1:i+2] + code[i:i+1] + code[i+2:]); !wrong {
				t.Errorf("%s with the characters %d and %d exchanged passes", code, i, i+1)
			}
		}
	}
}
