"""A few sentences and the commonest small words of languages in Latin script, written for this file."""

from collections.abc import Mapping

SMALL_WORDS: Mapping[str, frozenset[str]] = {
    language: frozenset(listed.split())
    for language, listed in {
        "English": "the of and to is was that it for you with this are be have on not they at from what my your "
        "please would can will there has been how when which were about i an me we do does but",
        "German": "der die das und ist nicht ich sie mit ein eine zu auf für den dem von im bitte wir es auch "
        "noch sich haben habe hat wurde wird aber oder mein meine kann wie bei nach mir ihr sind "
        "einen vielen",
        "French": "le la les des et est une pour dans je vous pas que qui sur avec mon ma ce cette nous mais il"
        " au aux votre vos par sont été j'ai c'est être très ne ou du bonjour merci",
        "Spanish": "el los las y es una por para que no con mi su me se lo del al pero está como muy más gracias"
        " hola tengo ha he son cuando donde usted también esta este sin sobre",
        "Italian": "il gli di che è un una per non con sono mi della del nel alla ho ha ma si questo questa come"
        " più grazie anche dei delle vorrei da lo ci era buongiorno",
        "Portuguese": "o os as que não uma para com em do da dos das no na se por mais como mas foi ao ele você meu"
        " minha está obrigado obrigada são muito também pelo pela já eu isso",
        "Dutch": "de het een en van ik is niet dat te op met voor zijn er aan mijn om ook maar als heb heeft "
        "kan naar wij je nog bij wordt deze graag u uw geen",
        "Swedish": "och att det är som en på för av med den inte jag har till ett om kan men var vi du mig hej "
        "tack från eller när ska mycket också så här",
        "Danish": "og at det er som en på for af med den ikke jeg har til et om kan men var vi du mig hej tak "
        "fra eller når skal meget også så her hvordan",
        "Polish": "i w nie na się jest że do to z jak ale po co tak za od czy mi dla proszę mam mój moja przez "
        "był dziękuję jestem jeszcze tylko już oraz",
        "Czech": "je na se že to s z do ale jak za po pro jsem mám můj jsou jako už ještě prosím děkuji také "
        "nebo být který která když aby jsme nejsem",
        "Turkish": "bir ve bu için ile çok ne da de mi var ben daha gibi ama olarak değil lütfen teşekkür benim "
        "olan kadar sonra nasıl merhaba yok",
        "Finnish": "ja on ei se että en hän oli mutta kun minun olen ole kiitos voi tämä mitä niin myös kuin jos"
        " sekä ovat minä olisi hei onko",
        "Hungarian": "a az és hogy nem egy is van ez de már meg csak kérem nekem köszönöm volt mint még vagy azt "
        "ezt lehet szeretném vagyok",
        "Romanian": "și în nu este că cu pe la de un o din mai am sunt pentru dar ce vă mulțumesc bună fost să "
        "acest această foarte sau",
        "Indonesian": "yang dan di ini itu dengan untuk tidak saya dari dalam akan pada ada bisa kami anda sudah "
        "belum terima kasih mohon apakah atau juga karena",
        "Vietnamese": "là và của tôi không có được cho với này một đã các những người trong khi để nhưng cảm ơn xin"
        " bạn rất về tại như",
    }.items()
}

SENTENCES: Mapping[str, str] = {
    "English": "The parcel was supposed to arrive on Thursday, but nobody rang and there was no card in the box."
    " Could you please check what happened and let me know when it will be delivered? I would like to"
    " change the address and the quantity of my order before you send it. Last year we bought two of "
    "these jackets from your shop, and both have worn well through rain and snow. Which size should "
    "my daughter choose if she is between a small and a medium? Thank you for your quick answer, "
    "everything works again. She thought about their question through the night.",
    "German": "Das Paket sollte am Donnerstag kommen, aber niemand hat geklingelt, und im Kasten lag keine "
    "Karte. Könnten Sie bitte prüfen, was geschehen ist, und mir sagen, wann es geliefert wird? Ich "
    "möchte die Anschrift und die Menge meiner Bestellung noch ändern, bevor Sie sie verschicken. "
    "Voriges Jahr haben wir zwei solche Jacken gekauft, beide tragen sich gut, auch bei Regen und "
    "Schnee. Welche Größe soll meine Tochter nehmen? Vielen Dank für Ihre schnelle Antwort, jetzt "
    "funktioniert wieder alles. Zwischen den Häusern übten Schüler ein Stück.",
    "French": "Le colis devait arriver jeudi, mais personne n'a sonné et il n'y avait aucun avis dans la boîte."
    " Pourriez-vous vérifier ce qui s'est passé et me dire quand il sera livré ? Je voudrais changer "
    "l'adresse et la quantité de ma commande avant l'envoi. L'année dernière nous avons acheté deux "
    "vestes chez vous, elles tiennent bien sous la pluie et la neige. Quelle taille ma fille "
    "doit-elle choisir ? Merci beaucoup pour votre réponse rapide, tout fonctionne de nouveau. "
    "Aujourd'hui le travail est plus facile qu'hier.",
    "Spanish": "El paquete tenía que llegar el jueves, pero nadie llamó y no había ningún aviso en el buzón. "
    "¿Podrían comprobar qué ha pasado y decirme cuándo lo van a entregar? Quisiera cambiar la "
    "dirección y la cantidad de mi pedido antes de que lo envíen. El año pasado compramos dos "
    "chaquetas en su tienda y las dos aguantan bien la lluvia y la nieve. ¿Qué talla debería elegir "
    "mi hija? Muchas gracias por su rápida respuesta, ya funciona todo.",
    "Italian": "Il pacco doveva arrivare giovedì, ma nessuno ha suonato e non c'era alcun avviso nella cassetta."
    " Potreste controllare che cosa è successo e dirmi quando sarà consegnato? Vorrei cambiare "
    "l'indirizzo e la quantità del mio ordine prima della spedizione. L'anno scorso abbiamo comprato "
    "due giacche da voi e reggono bene la pioggia e la neve. Quale taglia deve scegliere mia figlia? "
    "Grazie mille per la risposta veloce, adesso funziona di nuovo tutto.",
    "Portuguese": "A encomenda devia chegar na quinta-feira, mas ninguém tocou à porta e não havia aviso na caixa. "
    "Poderiam verificar o que aconteceu e dizer-me quando será entregue? Gostaria de mudar o endereço"
    " e a quantidade do meu pedido antes do envio. No ano passado comprámos dois casacos na vossa "
    "loja e os dois aguentam bem a chuva e a neve. Que tamanho deve escolher a minha filha? Muito "
    "obrigado pela resposta rápida, já funciona tudo.",
    "Dutch": "Het pakket zou donderdag komen, maar niemand heeft aangebeld en er lag geen kaartje in de bus. "
    "Kunt u nagaan wat er gebeurd is en mij laten weten wanneer het wordt bezorgd? Ik wil graag het "
    "adres en het aantal van mijn bestelling wijzigen voordat u die verstuurt. Vorig jaar kochten wij"
    " twee jassen bij u, allebei blijven ze goed in regen en sneeuw. Welke maat moet mijn dochter "
    "nemen? Hartelijk dank voor uw snelle antwoord, alles werkt.",
    "Swedish": "Paketet skulle komma på torsdagen, men ingen ringde på och det fanns ingen lapp i lådan. Kan ni "
    "kontrollera vad som har hänt och säga när det levereras? Jag vill gärna ändra adressen och "
    "antalet i min beställning innan ni skickar den. Förra året köpte vi två jackor hos er, och båda "
    "håller bra i regn och snö. Vilken storlek ska min dotter välja? Tack så mycket för det snabba "
    "svaret, nu fungerar allting igen.",
    "Danish": "Pakken skulle komme torsdag, men ingen ringede på, og der lå ingen seddel i kassen. Kan I "
    "undersøge hvad der er sket, og sige hvornår den bliver leveret? Jeg vil gerne ændre adressen og "
    "antallet i min bestilling, før I sender den. Sidste år købte vi to jakker hos jer, og begge "
    "holder godt i regn og sne. Hvilken størrelse skal min datter vælge? Mange tak for det hurtige "
    "svar, nu virker det hele igen.",
    "Polish": "Paczka miała przyjść w czwartek, ale nikt nie zadzwonił i w skrzynce nie było żadnego "
    "zawiadomienia. Czy możecie sprawdzić, co się stało, i powiedzieć, kiedy zostanie dostarczona? "
    "Chciałbym zmienić adres i liczbę sztuk w zamówieniu, zanim je wyślecie. W zeszłym roku kupiliśmy"
    " u was dwie kurtki i obie dobrze znoszą deszcz i śnieg. Jaki rozmiar powinna wybrać moja córka? "
    "Bardzo dziękuję za szybką odpowiedź, wszystko znowu działa.",
    "Czech": "Balík měl přijít ve čtvrtek, ale nikdo nezazvonil a ve schránce nebylo žádné oznámení. Můžete "
    "prosím zjistit, co se stalo, a říct mi, kdy bude doručen? Chtěl bych změnit adresu a počet kusů "
    "v objednávce, než ji odešlete. Loni jsme u vás koupili dvě bundy a obě dobře snášejí déšť i "
    "sníh. Jakou velikost si má vybrat moje dcera? Děkuji mnohokrát za rychlou odpověď, všechno už "
    "zase funguje.",
    "Turkish": "Paket perşembe günü gelecekti ama kimse kapıyı çalmadı ve kutuda hiçbir not yoktu. Ne olduğunu "
    "kontrol edip ne zaman teslim edileceğini bana söyler misiniz? Göndermeden önce siparişimin "
    "adresini ve adedini değiştirmek istiyorum. Geçen yıl sizden iki ceket aldık, ikisi de yağmurda "
    "ve karda iyi dayanıyor. Kızım hangi bedeni seçmeli? Hızlı cevabınız için çok teşekkür ederim, "
    "şimdi her şey yeniden çalışıyor.",
    "Finnish": "Paketin piti tulla torstaina, mutta kukaan ei soittanut ovikelloa eikä laatikossa ollut lappua. "
    "Voisitteko tarkistaa, mitä on tapahtunut, ja kertoa, milloin se toimitetaan? Haluaisin muuttaa "
    "tilaukseni osoitetta ja määrää ennen kuin lähetätte sen. Viime vuonna ostimme teiltä kaksi "
    "takkia, ja molemmat kestävät hyvin sadetta ja lunta. Minkä koon tyttäreni pitäisi valita? Paljon"
    " kiitoksia nopeasta vastauksesta, kaikki toimii taas.",
    "Hungarian": "A csomagnak csütörtökön kellett volna megérkeznie, de senki sem csengetett, és a ládában sem "
    "volt értesítő. Meg tudnák nézni, mi történt, és megírni, mikor szállítják ki? Szeretném "
    "megváltoztatni a rendelésem címét és mennyiségét, mielőtt elküldik. Tavaly két kabátot vettünk "
    "önöknél, mindkettő jól bírja az esőt és a havat. Melyik méretet válassza a lányom? Nagyon "
    "köszönöm a gyors választ, most már minden működik.",
    "Romanian": "Coletul trebuia să ajungă joi, dar nimeni nu a sunat și în cutie nu era niciun aviz. Puteți "
    "verifica ce s-a întâmplat și să îmi spuneți când va fi livrat? Aș dori să schimb adresa și "
    "cantitatea comenzii mele înainte să o trimiteți. Anul trecut am cumpărat două jachete de la voi "
    "și amândouă țin bine la ploaie și zăpadă. Ce mărime trebuie să aleagă fiica mea? Vă mulțumesc "
    "foarte mult pentru răspunsul rapid, totul funcționează din nou.",
    "Indonesian": "Paket seharusnya tiba hari Kamis, tetapi tidak ada yang membunyikan bel dan tidak ada surat di "
    "kotak. Bisakah Anda memeriksa apa yang terjadi dan memberi tahu saya kapan barang itu akan "
    "dikirim? Saya ingin mengubah alamat dan jumlah pesanan saya sebelum dikirimkan. Tahun lalu kami "
    "membeli dua jaket dari toko ini dan keduanya tahan hujan dan salju. Ukuran mana yang harus "
    "dipilih anak saya? Terima kasih banyak atas jawaban yang cepat.",
    "Vietnamese": "Gói hàng lẽ ra phải đến vào thứ năm, nhưng không ai bấm chuông và trong hộp không có giấy báo. "
    "Bạn có thể kiểm tra chuyện gì đã xảy ra và cho tôi biết khi nào hàng được giao không? Tôi muốn "
    "đổi địa chỉ và số lượng của đơn hàng trước khi gửi. Năm ngoái chúng tôi đã mua hai chiếc áo "
    "khoác ở cửa hàng này và cả hai đều chịu được mưa. Con gái tôi nên chọn cỡ nào? Cảm ơn bạn rất "
    "nhiều vì đã trả lời nhanh.",
}
