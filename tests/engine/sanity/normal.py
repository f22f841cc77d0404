"""Ordinary texts that no sentinel may stumble over, written for the tests: languages, mail, code, tables, emoji."""
# ruff: noqa: E501, ISC004

FOREIGN = {
    "Welsh": "Mae'r parsel wedi cyrraedd bore heddiw ond roedd y blwch wedi torri ac mae un o'r cwpanau ar goll.",
    "Basque": "Paketea gaur goizean iritsi da, baina kutxa hautsita zegoen eta kikaretako bat falta da.",
    "Swahili": "Kifurushi kilifika leo asubuhi lakini sanduku lilikuwa limevunjika na kikombe kimoja hakipo.",
    "Icelandic": "Pakkinn kom í morgun en kassinn var brotinn og einn bollinn vantar. Getið þið sent nýjan?",
    "Croatian": "Paket je stigao jutros, ali kutija je bila slomljena i jedna šalica nedostaje. Što da radim?",
    "Slovak": "Balík prišiel dnes ráno, ale škatuľa bola rozbitá a jedna šálka chýba. Čo mám robiť?",
    "Estonian": "Pakk jõudis täna hommikul kohale, aga karp oli katki ja üks tass on puudu. Mida ma tegema pean?",
    "Latvian": "Paciņa pienāca šorīt, bet kaste bija salauzta un viena krūze trūkst. Ko man darīt?",
    "Lithuanian": "Siuntinys atvyko šį rytą, bet dėžė buvo sulaužyta ir trūksta vieno puodelio. Ką man daryti?",
    "Albanian": "Pakoja mbërriti sot në mëngjes, por kutia ishte e thyer dhe mungon një filxhan. Çfarë duhet të bëj?",
    "Irish": "Tháinig an beart ar maidin ach bhí an bosca briste agus tá cupán amháin ar iarraidh.",
    "Catalan": "El paquet ha arribat aquest matí, però la capsa estava trencada i falta una tassa. Què he de fer?",
    "Afrikaans": "Die pakkie het vanoggend aangekom, maar die boks was stukkend en een koppie is weg.",
    "Filipino": "Dumating ang pakete kaninang umaga ngunit sira ang kahon at nawawala ang isang tasa.",
    "Zulu": "Iphakethe lifike namhlanje ekuseni kodwa ibhokisi beliphukile futhi inkomishi eyodwa ayikho.",
    "Maltese": "Il-pakkett wasal dalgħodu imma l-kaxxa kienet miksura u tazza waħda hija nieqsa.",
    "Somali": "Xirmadu waxay timid saaka laakiin sanduuqu wuu jabnaa oo hal koob ayaa maqan.",
    "Hindi in Latin letters": "Parcel aaj subah aaya lekin dabba toota hua tha aur ek cup nahin mila, kya karun?",
    "Japanese in Latin letters": "Kesa nimotsu ga todokimashita ga, hako ga kowarete ite koppu ga hitotsu arimasen.",
    "Chinese in Latin letters": "Jintian zaoshang baoguo dao le, danshi hezi po le, shao le yi ge beizi, zenme ban?",
    "Azerbaijani": "Bağlama bu səhər gəldi, amma qutu sınmışdı və bir fincan çatışmır. Nə etməliyəm?",
    "Latin": "Sarcina hodie mane advenit, sed capsa fracta erat et unum poculum deest. Quid mihi faciendum est?",
    "Esperanto": "La pakaĵo alvenis hodiaŭ matene, sed la skatolo estis rompita kaj unu taso mankas.",
    "Russian": "Посылка пришла сегодня утром, но коробка была разбита, и одной чашки не хватает. Что мне делать?",
    "Ukrainian": "Посилка прийшла сьогодні вранці, але коробка була розбита, і однієї чашки бракує.",
    "Greek": "Το δέμα έφτασε σήμερα το πρωί, αλλά το κουτί ήταν σπασμένο και λείπει ένα φλιτζάνι.",
    "Arabic": "وصل الطرد هذا الصباح لكن الصندوق كان مكسورا وينقص فنجان واحد. ماذا علي أن أفعل؟",
    "Hebrew": "החבילה הגיעה הבוקר אבל הקופסה הייתה שבורה וחסר ספל אחד. מה עליי לעשות?",
    "Persian": "بسته امروز صبح رسید اما جعبه شکسته بود و یک فنجان کم است. چه کار باید بکنم؟",
    "Hindi": "पार्सल आज सुबह आया लेकिन डिब्बा टूटा हुआ था और एक कप गायब है। मुझे क्या करना चाहिए?",
    "Thai": "พัสดุมาถึงเมื่อเช้านี้ แต่กล่องแตกและถ้วยหายไปหนึ่งใบ ต้องทำอย่างไร",
    "Chinese": "包裹今天早上到了,但是盒子破了,少了一个杯子。我该怎么办?请尽快回复,谢谢。",
    "Japanese": "今朝荷物が届きましたが、箱が壊れていてカップが一つ足りません。どうすればいいですか。",
    "Korean": "오늘 아침에 소포가 도착했는데 상자가 부서져 있고 컵 하나가 없습니다. 어떻게 해야 하나요?",
}
MAIL = (
    "On Mon, 3 Aug 2026 at 10:14, Jane Doe <jane@example.com> wrote:\n> > Thanks!\n> > Best,\n> > Jane\n> ok\n\nSee below.",
    "Hi,\n\nplease find attached the invoice RE-2026-00183 (EUR 1.249,90, due 2026-09-30).\n\nKind regards\nT. Schmidt\n"
    "--\nMuster GmbH & Co. KG | Hauptstr. 12 | 80331 München | HRB 12345 | USt-IdNr. DE123456789",
    "FYI. Pls call me asap re: PO 4500012345, SKU XK-9921-BLK (qty 12), ETA tbd. Thx, BR, Tom",
    "Unsubscribe: https://example.com/u?id=8f3a9bc2&t=eyJhbGciOiJIUzI1NiJ9.e30.abc\nView in browser: https://example.com/v/1",
    "hahaha that's so funny!!! 😂😂😂😂 sooooo good omg, wtf, brb, idk lol",
    "no no no, that is not what I ordered, no way",
    "Order 1002993: 2x A-100, 1x B-200, 4x C-300. Tracking JJD000390007882373821, 1Z999AA10123456784.",
    "Nguyễn Thị Minh Khai, Krzysztof Brzęczyszczykiewicz, Björn Þórðarson, Szczepan Chrząszcz, Ngozi Nwachukwu",
    "Levothyroxine, hydrochlorothiazide, clopidogrel, pantoprazole, metformin, bisoprolol, ramipril, atorvastatin",
    "Tsk tsk, psst, brr, hmm, shh: my phone typed this. Grrr! Rhythm, myths, lynx, crypts, nymphs.",
    "Straßenbahnhaltestelle Donaudampfschifffahrtsgesellschaft, Rindfleischetikettierungsüberwachungsaufgabe",
    "TO WHOM IT MAY CONCERN: THE PARCEL HAS NOT ARRIVED YET. PLEASE SEND THE MONEY BACK TO MY ACCOUNT AT ONCE.",
)
CODE = (
    "def settle(findings, worker, task):\n    with transaction.atomic():\n        kept = stage.record(findings, worker)\n"
    "        if not kept:\n            return\n        route.route(standing, rated)",
    "SELECT i.id, i.token FROM item i JOIN claim c ON c.id = i.id WHERE i.state = 'working' ORDER BY i.id FOR UPDATE;",
    "#include <stdio.h>\nint main(int argc, char **argv) {\n  char *p = strchr(argv[1], 'x');\n  fprintf(stderr, \"%s\\n\", p);\n}",
    "for i in range(10):\n    print(i)\n    print(i)\n    print(i)\n    print(i)",
    "<ul>\n<li>one</li>\n<li>two</li>\n<li>three</li>\n<li>four</li>\n</ul>",
    '{"a": [1, 2, 3], "b": {"c": null, "d": null, "e": null, "f": null, "g": true, "h": true}}',
    "2026-08-01T10:00:01Z ERROR db refused\n2026-08-01T10:00:02Z ERROR db refused\n2026-08-01T10:00:04Z ERROR db refused\n"
    "2026-08-01T10:00:08Z ERROR db refused\n2026-08-01T10:00:16Z ERROR db refused",
    "sudo apt-get install -y libpq-dev && ./configure --prefix=/usr/local && make -j4 && make install",
    "Traceback (most recent call last):\n  File \"a.py\", line 1, in <module>\n    import ctypes.util\nKeyError: 'xyz'",
    "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIGKlk2p0cXlrb2ZkZ3NkZmdzZGZnc2RmZ3NkZmdz deploy@host",
    "aGVsbG8gd29ybGQgdGhpcyBpcyBhIGxvbmcgYmFzZTY0IHN0cmluZyB3aXRob3V0IHNwYWNlcw",
)
TABLES = (
    "| name | mon | tue | wed |\n|---|---|---|---|\n| Ann | yes | yes | no |\n| Bob | yes | yes | yes |\n| Cem | no | yes | yes |",
    "sku;qty;price\nA-1;0;0\nA-2;0;0\nA-3;0;0\nA-4;0;0\nA-5;0;0",
    "Monday 9-17 open\nTuesday 9-17 open\nWednesday 9-13 open\nThursday 9-17 open\nFriday 9-16 open\nSaturday closed",
    "0 0 0 0 0 0 1 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0",
    "a\tn/a\tn/a\tn/a\nb\tn/a\tn/a\tn/a\nc\tn/a\tn/a\tn/a\nd\tn/a\tn/a\tn/a",
    "1x tent, 1x stove, 2x mat, 4x peg, 1x lamp, 1x rope",
    "=====================\n* * * * * * * * * * *\n---------------------\nTotal: 12,90",
)
EMOJI = (
    "👍👍👍👍👍👍👍👍",
    "❤️❤️❤️❤️ thank you ❤️❤️❤️❤️",
    "🎉",
    "ok 👌 see u tmrw 🙏🙏🙏🙏",
    "哈哈哈,谢谢你们!东西很好用,下次还来。",
    "wwwwww それは面白い",
    "ㅋㅋㅋㅋㅋ 진짜 좋아요",
    "ههههه شكرا جزيلا لكم",
)
ALL = (*FOREIGN.values(), *MAIL, *CODE, *TABLES, *EMOJI)
