"""`gt-service label`: a folder of photos, people in a browser, labels in a folder.

photos    what is in the folder, and what cannot be labeled, told before anything starts
plan      the campaign that suits so many photos and so few people
people    the team, and the links that let its members in
dropping  spec and photos into the inbox, only what is new
watching  what people and the machine have done, and how long it will take
results   labels in the forms that trainers read, of jobs that run as well
run       all of it in order
"""
