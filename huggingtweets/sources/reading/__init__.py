"""Files as they come: archives are looked into, encodings are told, dates and texts are read as programs wrote them."""
