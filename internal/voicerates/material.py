#!/usr/bin/env python3
"""Makes the sounds that voicerates measures on: material.py DIR

Speech: recorded prompts in five languages (Debian asterisk-core-sounds-{en,fr,ru,es,it}-wav), and the synthesizers
espeak-ng (twelve languages), flite and festival, with words of our own. Other sound: music, effects and loops (Debian
asterisk-moh-opsound-wav, supertux-data, sonic-pi-samples, sound-theme-freedesktop, frozen-bubble-data), noise and tones
that FFmpeg makes. Nothing of it is kept in the project. Everything becomes WAV, one channel of 16 bits at 16 kHz.
"""
import glob
import os
import random
import subprocess
import sys

FORM = ["-ac", "1", "-ar", "16000", "-c:a", "pcm_s16le"]
TEXTS = [
    "Good morning. The meeting was moved to half past nine, because the train from the north is late again.",
    "Please hold the line. Nobody is free at the moment, and we will be with you as soon as we can.",
    "The old bridge over the river was closed in March, and nobody knows when it will be open again.",
    "I would not say that it is wrong. I only say that you should look at it once more before you sign.",
    "Seven ships came into the harbour last night, and two of them carried nothing but salt.",
    "Well, what do you think? Shall we go by train, or would you rather walk along the coast?",
    "My grandmother kept bees behind the house. In summer the whole garden smelled of honey.",
    "Turn left at the church, then right behind the bakery, and you will see the blue door.",
]
LANGUAGES = {
    "en": TEXTS[0],
    "de": "Guten Morgen. Die Sitzung beginnt heute erst um halb zehn, weil der Zug aus dem Norden wieder zu spät kommt.",
    "fr": "Bonjour. La réunion commence à neuf heures et demie, parce que le train du nord est encore en retard.",
    "es": "Buenos días. La reunión empieza a las nueve y media, porque el tren del norte llega tarde otra vez.",
    "ru": "Доброе утро. Встреча начнётся в половине десятого, потому что поезд с севера опять опаздывает.",
    "it": "Buongiorno. La riunione comincia alle nove e mezza perché il treno dal nord è di nuovo in ritardo.",
    "pl": "Dzień dobry. Spotkanie zaczyna się o wpół do dziesiątej, bo pociąg z północy znowu się spóźnia.",
    "tr": "Günaydın. Toplantı dokuz buçukta başlıyor, çünkü kuzeyden gelen tren yine gecikti.",
    "fi": "Hyvää huomenta. Kokous alkaa puoli kymmeneltä, koska juna pohjoisesta on taas myöhässä.",
    "cmn": "早上好。会议改到九点半开始，因为北方来的火车又晚点了。",
    "hi": "सुप्रभात। बैठक साढ़े नौ बजे शुरू होगी, क्योंकि उत्तर से आने वाली ट्रेन फिर देर से है।",
    "sw": "Habari za asubuhi. Mkutano utaanza saa tatu na nusu kwa sababu treni kutoka kaskazini imechelewa tena.",
}
PROMPTS = ["en_US_f_Allison", "fr_CA_f_June", "ru_RU_f_IvrvoiceRU", "it_IT_m_Carlo", "es_MX_f_Allison"]


def convert(target, name, *args):
    out = os.path.join(sys.argv[1], target, name + ".wav")
    subprocess.run(["ffmpeg", "-nostdin", "-v", "error", "-y", "-threads", "1", *args, *FORM, out], check=True)


def spoken(name, *command):
    wav = os.path.join(sys.argv[1], "spoken.wav")
    subprocess.run([a.replace("@", wav) for a in command], check=True)
    convert("pos", name, "-i", wav)
    os.remove(wav)


def seconds(name):
    out = subprocess.run(["ffprobe", "-v", "error", "-show_entries", "format=duration", "-of", "csv=p=0", name], capture_output=True, text=True)
    return float(out.stdout or 0)


def prompts():
    for speaker in PROMPTS:
        files = sorted(
            f for f in glob.glob(f"/usr/share/asterisk/sounds/{speaker}/**/*.wav", recursive=True)
            if os.path.getsize(f) > 16000 and not any(w in f for w in ("silence", "beep", "tone", "tt-monkeys")))
        random.shuffle(files)
        for i, f in enumerate(files[:40]):
            convert("pos", f"short_{speaker[:2]}_{i:02}", "-i", f)
        for i in range(20):
            pick = random.sample(files[40:], 4)
            pauses = "".join(f"[{n}:a]aresample=16000,apad=pad_dur=0.{random.randint(1, 6)}[a{n}];" for n in range(4))
            inputs = [a for p in pick for a in ("-i", p)]
            convert("pos", f"join_{speaker[:2]}_{i:02}", *inputs, "-filter_complex", pauses + "[a0][a1][a2][a3]concat=n=4:v=0:a=1,atrim=0:10")


def synthesizers():
    for language, text in LANGUAGES.items():
        for variant, pitch, speed in (("", 50, 160), ("+f3", 60, 190), ("+m3", 30, 140)):
            spoken(f"espeak_{language}{variant.replace('+', '_')}", "espeak-ng", "-v", language + variant, "-p", str(pitch), "-s", str(speed), "-w", "@", text)
    for i, text in enumerate(TEXTS):
        for voice in ("kal", "awb", "rms", "slt", "kal16"):
            spoken(f"flite_{voice}_{i}", "flite", "-voice", voice, "-t", text, "-o", "@")
    for i, text in enumerate(TEXTS[2:]):
        words = os.path.join(sys.argv[1], "words.txt")
        with open(words, "w") as f:
            f.write(text)
        spoken(f"festival_kal_{i}", "text2wave", "-o", "@", words)
        os.remove(words)


def music():
    for f in sorted(glob.glob("/usr/share/asterisk/moh/*.wav")):
        for i, start in enumerate(range(2, int(seconds(f)) - 11, 14)):
            convert("neg", f"moh_{os.path.basename(f)[:12]}_{i:02}", "-ss", str(start), "-t", "10", "-i", f)
    for f in sorted(glob.glob("/usr/share/games/supertux2/music/**/*.ogg", recursive=True)):
        for i, start in enumerate((3, 25, 60)):
            if start + 10 < seconds(f):
                convert("neg", f"tux_{os.path.basename(f)[:-4]}_{i}", "-ss", str(start), "-t", "10", "-i", f)
    listed = subprocess.run(["dpkg", "-L", "sonic-pi-samples"], capture_output=True, text=True, check=True).stdout.split()
    for f in sorted(f for f in listed if f.endswith(".flac")):
        convert("neg", f"spi_{os.path.basename(f)[:-5]}", "-stream_loop", "8", "-i", f, "-t", "8")


def effects():
    for pattern, kind in (("games/supertux2/sounds/**/*", "tuxs"), ("sounds/freedesktop/**/*", "fdo"), ("games/frozen-bubble/snd/*", "fb")):
        for f in sorted(glob.glob("/usr/share/" + pattern, recursive=True)):
            if f.rsplit(".", 1)[-1] in ("ogg", "oga", "wav"):
                convert("neg", f"{kind}_{os.path.basename(f).split('.')[0]}", "-t", "10", "-i", f)


def made():
    def lavfi(name, source):
        convert("neg", name, "-f", "lavfi", "-i", source)

    for colour in ("white", "pink", "brown", "blue", "violet"):
        for loud in ("0.02", "0.3"):
            lavfi(f"noise_{colour}_{loud}", f"anoisesrc=c={colour}:a={loud}:d=8:r=16000:seed=7")
        for beat in (1, 2, 4, 8):
            lavfi(f"tremnoise_{colour}_{beat}", f"anoisesrc=c={colour}:a=0.4:d=8:r=16000:seed=7,tremolo=f={beat}:d=0.95")
    for hz in (60, 100, 220, 440, 1000, 3000):
        lavfi(f"sine_{hz}", f"sine=f={hz}:d=8:r=16000")
        lavfi(f"tremsine_{hz}", f"sine=f={hz}:d=8:r=16000,tremolo=f=4:d=0.9")
        lavfi(f"vibsine_{hz}", f"sine=f={hz}:d=8:r=16000,vibrato=f=5:d=0.5")
        lavfi(f"saw_{hz}", f"aevalsrc=0.3*(2*mod(t*{hz}\\,1)-1):d=8:s=16000")
        lavfi(f"sweepsaw_{hz}", f"aevalsrc=0.3*(2*mod(t*({hz}+{hz}*t/8)\\,1)-1)*(0.5+0.5*sin(2*PI*4*t)):d=8:s=16000")
    lavfi("silence", "anullsrc=d=8:r=16000")
    lavfi("beeps", "sine=f=440:b=4:d=8:r=16000")


if __name__ == "__main__":
    random.seed(5)
    for folder in ("pos", "neg"):
        os.makedirs(os.path.join(sys.argv[1], folder), exist_ok=True)
    for make in (prompts, synthesizers, music, effects, made):
        make()
